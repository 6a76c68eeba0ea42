/*
 * Repeats the protocol's requests that are made by XMLHttpRequest, as axios makes them.
 *
 * The page keeps its own, real XMLHttpRequest, which is opened but never sent. Each attempt is a
 * fresh request inside; when there is an outcome, the page's object shows that attempt's answer and
 * its events fire once. Requests of any other kind are not touched.
 */
(function (gateway) {
  var Native = window.XMLHttpRequest;
  if (!Native) return;
  var original = {
    open: Native.prototype.open,
    setRequestHeader: Native.prototype.setRequestHeader,
    send: Native.prototype.send,
    abort: Native.prototype.abort,
  };
  var SHOWN = ["status", "statusText", "responseURL", "response", "responseText", "responseXML"];
  var NOTHING = { status: 0, statusText: "", responseURL: "", response: "", responseText: "" };

  function define(object, name, descriptor) {
    descriptor.configurable = true;
    Object.defineProperty(object, name, descriptor);
  }

  function showState(xhr, state) {
    define(xhr, "readyState", {
      get: function () {
        return state;
      },
    });
  }

  /* Let the page's object answer as the attempt does; without an attempt, as after a failure. */
  function show(xhr, attempt) {
    showState(xhr, 4);
    SHOWN.forEach(function (name) {
      define(xhr, name, {
        get: function () {
          return attempt ? attempt[name] : name in NOTHING ? NOTHING[name] : null;
        },
      });
    });
    define(xhr, "getResponseHeader", {
      value: function (name) {
        return attempt ? attempt.getResponseHeader(name) : null;
      },
    });
    define(xhr, "getAllResponseHeaders", {
      value: function () {
        return (attempt && attempt.getAllResponseHeaders()) || "";
      },
    });
  }

  function showNothing(xhr) {
    ["readyState", "getResponseHeader", "getAllResponseHeaders"]
      .concat(SHOWN)
      .forEach(function (name) {
        delete xhr[name];
      });
  }

  function fire(target, type, source) {
    var event;
    if (typeof ProgressEvent === "function" && type !== "readystatechange") {
      event = new ProgressEvent(type, {
        lengthComputable: Boolean(source && source.lengthComputable),
        loaded: (source && source.loaded) || 0,
        total: (source && source.total) || 0,
      });
    } else {
      event = new Event(type);
    }
    target.dispatchEvent(event);
  }

  function Call(xhr, path, args) {
    this.xhr = xhr;
    this.path = path;
    this.args = args;
    this.headers = [];
    this.isActive = false;
  }

  Call.prototype.start = function (body) {
    var call = this;
    this.body = body;
    this.isActive = true;
    this.patience = new gateway.Patience(this.path, body);
    if (this.xhr.timeout > 0) {
      this.timer = setTimeout(function () {
        call.stop("timeout");
      }, this.xhr.timeout);
    }
    fire(this.xhr, "loadstart");
    this.attempt();
  };

  Call.prototype.attempt = function () {
    var call = this;
    var inner = (this.inner = new Native());
    original.open.apply(inner, this.args);
    this.headers.forEach(function (header) {
      original.setRequestHeader.apply(inner, header);
    });
    inner.responseType = this.xhr.responseType || "";
    inner.withCredentials = Boolean(this.xhr.withCredentials);
    inner.onloadend = function (event) {
      if (call.isActive) call.consider(inner, event);
    };
    if (inner.upload && this.xhr.upload) {
      inner.upload.onprogress = function (event) {
        if (call.isActive) fire(call.xhr.upload, "progress", event);
      };
    }
    original.send.call(inner, this.body);
  };

  Call.prototype.consider = function (inner, event) {
    var call = this;
    var retryAfter = inner.status ? inner.getResponseHeader("Retry-After") : null;
    var delay = this.patience.after(inner.status, retryAfter);
    if (delay === null) {
      this.finish(inner.status ? "load" : "error", inner, event);
    } else {
      this.cancelWait = gateway.wait(delay, function () {
        call.attempt();
      });
    }
  };

  Call.prototype.finish = function (type, inner, event) {
    this.isActive = false;
    clearTimeout(this.timer);
    show(this.xhr, inner);
    fire(this.xhr, "readystatechange");
    fire(this.xhr, type, event);
    fire(this.xhr, "loadend", event);
  };

  /* The page does not want to wait any longer; a kept answer stays kept. */
  Call.prototype.stop = function (type) {
    this.isActive = false;
    if (this.cancelWait) this.cancelWait();
    original.abort.call(this.inner);
    this.finish(type, null);
  };

  Native.prototype.open = function (method, url, isAsync) {
    var previous = this._gatewayCall;
    if (previous && previous.isActive) {
      previous.isActive = false;
      if (previous.cancelWait) previous.cancelWait();
      clearTimeout(previous.timer);
      original.abort.call(previous.inner);
    }
    if (previous) showNothing(this);
    var waits = arguments.length < 3 || Boolean(isAsync);
    var path = waits ? gateway.protocolPath(method, url) : null;
    // Firefox takes a missing third argument for true only if it is really missing.
    var args = [method, url, true].concat(Array.prototype.slice.call(arguments, 3));
    define(this, "_gatewayCall", {
      value: path ? new Call(this, path, args) : null,
      writable: true,
      enumerable: false,
    });
    return original.open.apply(this, path ? args : arguments);
  };

  Native.prototype.setRequestHeader = function (name, value) {
    original.setRequestHeader.call(this, name, value);
    if (this._gatewayCall) this._gatewayCall.headers.push([name, value]);
  };

  Native.prototype.send = function (body) {
    var call = this._gatewayCall;
    if (!call) return original.send.apply(this, arguments);
    if (call.isActive) throw new Error("This request has been sent already.");
    return call.start(body === undefined ? null : body);
  };

  Native.prototype.abort = function () {
    var call = this._gatewayCall;
    if (!call) return original.abort.apply(this, arguments);
    if (call.isActive) call.stop("abort");
    return showState(this, 0);
  };
})(window._MEPHISTO_GATEWAY_);
