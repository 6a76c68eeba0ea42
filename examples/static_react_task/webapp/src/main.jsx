import React, { useState } from "react";
import { createRoot } from "react-dom/client";
import { useMephistoTask } from "mephisto-task";

function Task({ item, onSubmit }) {
  const [topic, setTopic] = useState(null);
  const [isSent, setSent] = useState(false);

  function submit(event) {
    event.preventDefault();
    setSent(true);
    onSubmit({ topic });
  }

  return (
    <form onSubmit={submit}>
      <h1>Which topic fits best?</h1>
      <blockquote>{item.headline}</blockquote>
      <fieldset disabled={isSent}>
        <legend>Topic</legend>
        {item.topics.map((name) => (
          <p key={name}>
            <label>
              <input type="radio" name="topic" value={name} onChange={() => setTopic(name)} /> {name}
            </label>
          </p>
        ))}
      </fieldset>
      <button type="submit" disabled={!topic || isSent}>
        {isSent ? "Thank you" : "Submit"}
      </button>
    </form>
  );
}

function App() {
  const task = useMephistoTask();
  if (task.blockedReason !== null) return <p role="status">{task.blockedExplanation}</p>;
  if (task.isPreview) return <p>You will read one headline and choose its topic.</p>;
  if (task.isLoading || !task.initialTaskData) return <p role="status">Loading …</p>;
  return <Task item={task.initialTaskData} onSubmit={task.handleSubmit} />;
}

createRoot(document.getElementById("app")).render(<App />);
