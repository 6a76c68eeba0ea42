/*
 * Sends answers that an earlier page could not deliver, as soon as a worker comes back.
 *
 * An answer carries its own agent's id, so it is right to send it whichever task the worker has
 * come back to. If it is this very task's answer, the page's last step, handing over to the crowd
 * provider, is made up for too.
 */
(function (gateway) {
  function isPreview() {
    try {
      return window.getWorkerName() === null || window.getAssignmentId() === null;
    } catch (error) {
      return true;
    }
  }

  function handOver(body) {
    var fields = JSON.parse(body);
    window.handleSubmitToProvider(fields.final_string_data || fields.final_data);
  }

  function resend(entry) {
    var xhr = new XMLHttpRequest();
    xhr.open("POST", "/submit_task");
    xhr.setRequestHeader("Content-Type", "application/json");
    xhr.onload = function () {
      if (xhr.status >= 300) return gateway.tellNothing();
      gateway.tell("Your earlier answer has been sent.", 6000);
      if (entry.registrationId && entry.registrationId === gateway.registrationId()) {
        handOver(entry.body);
      }
    };
    xhr.send(entry.body);
  }

  window.addEventListener("load", function () {
    if (!isPreview()) gateway.keptAnswers().forEach(resend);
  });
})(window._MEPHISTO_GATEWAY_);
