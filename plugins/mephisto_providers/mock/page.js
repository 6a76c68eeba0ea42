// Tells a task page who its worker is: ?worker_id=NAME&assignment_id=ID

const mockQuery = new URLSearchParams(window.location.search);

function getWorkerName() {
  return mockQuery.get("worker_id");
}

function getAssignmentId() {
  return mockQuery.get("assignment_id");
}

function getAgentRegistration() {
  return {
    worker_name: getWorkerName(),
    agent_registration_id: getAssignmentId() + "-" + getWorkerName(),
    assignment_id: getAssignmentId(),
    provider_type: "mock",
  };
}

function handleSubmitToProvider(taskData) {
  const data = typeof taskData === "string" ? JSON.parse(taskData) : taskData;
  alert("The task has been submitted! Data: " + JSON.stringify(data));
}
