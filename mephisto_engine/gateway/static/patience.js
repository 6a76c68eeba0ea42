/*
 * When a request of the worker protocol is sent again, and what the worker is told meanwhile.
 *
 * Task pages send each request once and wait for ever if it fails, so requests are repeated here
 * until there is an outcome: an answer, or a refusal that a repeat would not change.
 */
(function (gateway) {
  var POSTS = [
    "/request_agent",
    "/submit_onboarding",
    "/submit_task",
    "/submit_metadata",
    "/log_error",
  ];
  var FIRST_DELAY = 1000;
  var LONGEST_DELAY = 30000;
  var LOG_ATTEMPTS = 5;
  var TOLD_FOR = 6000;
  var waiting = [];

  /* The path of a request that is cared for here, else null. */
  gateway.protocolPath = function (method, url) {
    var target;
    try {
      target = new URL(String(url), window.location.href);
    } catch (error) {
      return null;
    }
    if (target.origin !== new URL(window.location.href).origin) return null;
    var verb = String(method).toUpperCase();
    var isOurs =
      (verb === "POST" && POSTS.indexOf(target.pathname) >= 0) ||
      (verb === "GET" && target.pathname === "/task_config.json");
    return isOurs ? target.pathname : null;
  };

  function mayPass(status) {
    return status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
  }

  /* Many pages wait for the same server: spread over time, they do not knock it over again. */
  function delayBefore(attempt, retryAfter) {
    var delay = Math.min(LONGEST_DELAY, FIRST_DELAY * Math.pow(2, attempt - 1));
    var asked = Number(retryAfter) * 1000 || 0;
    return Math.min(LONGEST_DELAY, Math.max(delay, asked)) * (0.5 + Math.random() / 2) + asked / 2;
  }

  /* Call back after a delay, or as soon as the browser is on line again; returns a way out. */
  gateway.wait = function (milliseconds, callback) {
    function done() {
      cancel();
      callback();
    }
    function cancel() {
      clearTimeout(timer);
      waiting = waiting.filter(function (other) {
        return other !== done;
      });
    }
    var timer = setTimeout(done, milliseconds);
    waiting.push(done);
    return cancel;
  };

  window.addEventListener("online", function () {
    waiting.slice().forEach(function (done) {
      done();
    });
  });

  /* One request's attempts. `body` is what is sent; an answer in it is kept until there is an
   * outcome. */
  gateway.Patience = function (path, body) {
    this.path = path;
    this.attempts = 0;
    this.isAnswer = path === "/submit_task";
    this.agentId = this.isAnswer ? gateway.keepAnswer(body) : null;
  };

  /*
   * To be called after each attempt with its status (0 if there was no answer at all). Returns the
   * milliseconds to wait before the next attempt, or null when the outcome stands.
   */
  gateway.Patience.prototype.after = function (status, retryAfter) {
    this.attempts += 1;
    var isLog = this.path === "/log_error";
    if (mayPass(status) && !(isLog && this.attempts >= LOG_ATTEMPTS)) {
      if (!isLog) this.tellWaiting();
      return delayBefore(this.attempts, retryAfter);
    }
    if (this.agentId) gateway.releaseAnswer(this.agentId);
    if (!isLog) this.tellOutcome(status);
    return null;
  };

  gateway.Patience.prototype.tellWaiting = function () {
    var cause =
      window.navigator && window.navigator.onLine === false
        ? "You are offline. "
        : "The server is restarting. ";
    gateway.tell(
      cause +
        (this.isAnswer
          ? "Your answer is kept and will be sent."
          : "This page goes on by itself as soon as it can.")
    );
  };

  gateway.Patience.prototype.tellOutcome = function (status) {
    if (status >= 400 && this.isAnswer) {
      gateway.tell("The server did not accept this answer (code " + status + ").");
    } else if (this.attempts > 1 && this.isAnswer) {
      gateway.tell("Your answer has been sent.", TOLD_FOR);
    } else if (this.attempts > 1) {
      gateway.tellNothing();
    }
  };
})(window._MEPHISTO_GATEWAY_);
