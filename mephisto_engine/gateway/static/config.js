/* Settings and events that task pages share with whatever runs beside them. */
window._MEPHISTO_CONFIG_ = (function () {
  var emitter = {
    events: {},
    on: function (name, listener) {
      var listeners = emitter.events[name] || (emitter.events[name] = []);
      listeners.push(listener);
      return function () {
        emitter.events[name] = (emitter.events[name] || []).filter(function (other) {
          return other !== listener;
        });
      };
    },
    emit: function (name) {
      var values = Array.prototype.slice.call(arguments, 1);
      (emitter.events[name] || []).slice().forEach(function (listener) {
        listener.apply(null, values);
      });
    },
  };
  return {
    EVENT_EMITTER: emitter,
    AUTO_SUBMIT_ERRORS: false,
    ADD_ERROR_HANDLING: false,
    ERROR_REPORT_TO_EMAIL: null,
    get: function (name) {
      return this[name];
    },
    set: function (name, value) {
      this[name] = value;
      emitter.emit(name, value);
    },
  };
})();

/* What the following parts of this script share. */
window._MEPHISTO_GATEWAY_ = {};
