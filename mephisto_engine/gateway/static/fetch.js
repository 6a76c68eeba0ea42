/* Repeats the protocol's requests that are made by fetch. */
(function (gateway) {
  var nativeFetch = window.fetch;
  if (!nativeFetch) return;

  function isRequest(input) {
    return typeof Request === "function" && input instanceof Request;
  }

  function isStream(body) {
    return typeof ReadableStream === "function" && body instanceof ReadableStream;
  }

  window.fetch = function (input, init) {
    var options = init || {};
    var method = options.method || (isRequest(input) && input.method) || "GET";
    var path = gateway.protocolPath(method, isRequest(input) ? input.url : input);
    // A stream can be read only once, so there is nothing to send again.
    if (!path || isStream(options.body)) return nativeFetch.apply(window, arguments);
    var patience = new gateway.Patience(path, options.body);
    var signal = options.signal || (isRequest(input) && input.signal) || null;

    function later(delay) {
      return new Promise(function (resolve, reject) {
        var cancel = gateway.wait(delay, function () {
          if (signal) signal.removeEventListener("abort", stop);
          resolve(attempt());
        });
        function stop() {
          cancel();
          reject(signal.reason || new DOMException("The request was aborted.", "AbortError"));
        }
        if (signal) signal.addEventListener("abort", stop);
      });
    }

    function attempt() {
      return nativeFetch.call(window, isRequest(input) ? input.clone() : input, init).then(
        function (response) {
          var delay = patience.after(response.status, response.headers.get("Retry-After"));
          return delay === null ? response : later(delay);
        },
        function (error) {
          if (signal && signal.aborted) throw error;
          var delay = patience.after(0, null);
          if (delay === null) throw error;
          return later(delay);
        }
      );
    }

    return attempt();
  };
})(window._MEPHISTO_GATEWAY_);
