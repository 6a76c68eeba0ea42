import React, { useState } from "react";
import { createRoot } from "react-dom/client";
import { useMephistoRemoteProcedureTask } from "mephisto-task";

// Checks that the worker made before a reload: each response names its request as `target`.
function earlierChecks(previousRequests) {
  const isCheck = new Set(
    previousRequests.filter((entry) => entry.target === "check_headline").map((entry) => entry.uuid)
  );
  return previousRequests
    .filter((entry) => isCheck.has(entry.target))
    .map((entry) => JSON.parse(entry.response_json))
    .filter((response) => response && !response.error);
}

function Check({ check }) {
  const news = check.new_words.length ? `not in the article: ${check.new_words.join(", ")}` : "";
  return (
    <li>
      <q>{check.headline}</q> {check.length} characters
      {check.is_short_enough ? "" : ", too long"} {news}
    </li>
  );
}

function Task({ data, call, onSubmit }) {
  const [headline, setHeadline] = useState("");
  const [checks, setChecks] = useState(() => earlierChecks(data.previous_requests));
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [isSent, setSent] = useState(false);

  async function ask(name, args, use) {
    setBusy(true);
    try {
      const response = await call(name)(args);
      setNote(response?.error ? `That did not work: ${response.error.message}.` : "");
      if (!response?.error) use(response);
    } catch (problem) {
      setNote(problem.reason ?? String(problem));
    } finally {
      setBusy(false);
    }
  }

  function check() {
    ask("check_headline", { headline }, (response) => setChecks((old) => [...old, response]));
  }

  function suggest() {
    ask("suggest_start", null, (response) => setHeadline(response.start));
  }

  function submit(event) {
    event.preventDefault();
    setSent(true);
    onSubmit({ headline, checks: checks.length });
  }

  return (
    <form onSubmit={submit}>
      <h1>Write a headline</h1>
      <blockquote>{data.task_data.article}</blockquote>
      <fieldset disabled={isSent}>
        <legend>Your headline</legend>
        <p>
          <input
            name="headline"
            aria-label="Headline"
            size="60"
            value={headline}
            onChange={(event) => setHeadline(event.target.value)}
          />
        </p>
        <p>
          <button type="button" id="check" disabled={isBusy || !headline} onClick={check}>
            Check
          </button>{" "}
          <button type="button" id="suggest" disabled={isBusy} onClick={suggest}>
            Suggest a start
          </button>
        </p>
        <p role="status">{note}</p>
        <ol id="checks">
          {checks.map((item, index) => (
            <Check key={index} check={item} />
          ))}
        </ol>
      </fieldset>
      <button type="submit" disabled={!checks.length || !headline || isSent}>
        {isSent ? "Thank you" : "Submit"}
      </button>
    </form>
  );
}

function App() {
  const task = useMephistoRemoteProcedureTask({});
  if (task.blockedReason !== null) return <p role="status">{task.blockedExplanation}</p>;
  if (task.isPreview) return <p>You will read a short article and write a headline for it.</p>;
  if (task.isLoading || !task.initialTaskData) return <p role="status">Loading …</p>;
  return (
    <>
      {task.disconnectIssueText && <p role="alert">{task.disconnectIssueText}</p>}
      <Task data={task.initialTaskData} call={task.remoteProcedure} onSubmit={task.handleSubmit} />
    </>
  );
}

createRoot(document.getElementById("app")).render(<App />);
