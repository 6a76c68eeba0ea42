// A chat page in the way of the published package: its ChatApp, with the two parts that it leaves
// to the task.
import { ChatApp, ChatMessage, DefaultTaskDescription } from "bootstrap-chat";
import styles from "bootstrap-chat/styles.css";
import React from "react";
import ReactDOM from "react-dom";

const sheet = document.createElement("style");
sheet.textContent = styles;
document.head.append(sheet);

function Message({ message, agentId, names }) {
  const isSelf = message.id === agentId || message.id in names;
  return (
    <ChatMessage
      isSelf={isSelf}
      agentName={isSelf ? names[message.id] : message.id}
      message={message.text}
    />
  );
}

ReactDOM.render(
  <ChatApp
    renderMessage={({ message, idx, mephistoContext, appContext }) => (
      <Message
        key={idx}
        message={message}
        agentId={mephistoContext.agentId}
        names={appContext.taskContext.currentAgentNames}
      />
    )}
    renderSidePane={({ mephistoContext: { taskConfig } }) => (
      <DefaultTaskDescription
        chatTitle={taskConfig.chat_title}
        taskDescriptionHtml={taskConfig.task_description}
      />
    )}
  />,
  document.getElementById("app")
);
