/* One line at the foot of the page that tells the worker how their answer fares. */
(function (gateway) {
  var STYLE =
    "position:fixed;left:0;right:0;bottom:0;z-index:2147483647;padding:8px 16px;" +
    "background:#1f2933;color:#fff;font:16px/1.4 system-ui,sans-serif;text-align:center;";
  var element = null;
  var hiding = null;

  function create() {
    element = document.createElement("div");
    element.setAttribute("role", "status");
    element.setAttribute("aria-live", "polite");
    element.setAttribute("style", STYLE);
    document.body.appendChild(element);
  }

  function hide() {
    if (element) element.style.display = "none";
  }

  /* Show a text; with milliseconds, only for that long. */
  gateway.tell = function (text, milliseconds) {
    if (!document.body) {
      document.addEventListener("DOMContentLoaded", function () {
        gateway.tell(text, milliseconds);
      });
      return;
    }
    if (!element) create();
    clearTimeout(hiding);
    element.style.display = "block";
    element.textContent = text;
    if (milliseconds) hiding = setTimeout(hide, milliseconds);
  };

  gateway.tellNothing = hide;
})(window._MEPHISTO_GATEWAY_);
