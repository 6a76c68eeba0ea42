/*
 * Answers that the server has not acknowledged, kept in the browser's storage.
 *
 * Storage may be missing, full or forbidden (private windows, frames); then an answer lives only
 * as long as its page, and nothing here fails because of it.
 */
(function (gateway) {
  var PREFIX = "mephisto-answer:";
  var KEPT_FOR = 14 * 24 * 3600 * 1000;

  function attempt(action) {
    try {
      return action(window.localStorage);
    } catch (error) {
      return null;
    }
  }

  function readAnswer(body) {
    try {
      return typeof body === "string" ? JSON.parse(body) : null;
    } catch (error) {
      return null;
    }
  }

  gateway.registrationId = function () {
    try {
      return window.getAgentRegistration().agent_registration_id || null;
    } catch (error) {
      return null;
    }
  };

  /* Keep a body that is JSON text; returns the agent id under which it is kept, or null. */
  gateway.keepAnswer = function (body) {
    var answer = readAnswer(body);
    var agentId = answer && answer.USED_AGENT_ID;
    if (!agentId) return null;
    attempt(function (storage) {
      var entry = { body: body, registrationId: gateway.registrationId(), keptAt: Date.now() };
      storage.setItem(PREFIX + agentId, JSON.stringify(entry));
    });
    return agentId;
  };

  gateway.releaseAnswer = function (agentId) {
    attempt(function (storage) {
      storage.removeItem(PREFIX + agentId);
    });
  };

  /* Everything that is kept, without what is too old to be of use. */
  gateway.keptAnswers = function () {
    var entries = attempt(function (storage) {
      var found = [];
      for (var i = 0; i < storage.length; i += 1) {
        var key = storage.key(i);
        if (key.indexOf(PREFIX) !== 0) continue;
        var entry = readAnswer(storage.getItem(key)) || {};
        entry.agentId = key.slice(PREFIX.length);
        found.push(entry);
      }
      return found;
    });
    return (entries || []).filter(function (entry) {
      var isFresh = Boolean(entry.body) && Date.now() - entry.keptAt < KEPT_FOR;
      if (!isFresh) gateway.releaseAnswer(entry.agentId);
      return isFresh;
    });
  };
})(window._MEPHISTO_GATEWAY_);
