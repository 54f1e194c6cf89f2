//! What a host can watch while calls run.

use std::time::Duration;

/// How much a line of a plugin's log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// Every step.
    Trace,
    /// What helps to find a fault.
    Debug,
    /// What happened.
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
}

/// Something that happened. Texts are bounded, and free of control characters and of the call's secrets.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A call begins: the function of the contract it runs.
    CallStarted {
        /// The integration.
        integration: &'a str,
        /// The exported function.
        function: &'a str,
    },
    /// The guest called the host. Raised on both sides of the call, so that what the guest's memory holds can
    /// be looked at before and after.
    HostCall {
        /// The interface and function, such as `http.send`.
        function: &'static str,
    },
    /// A request was answered, or was not.
    Request {
        /// The audience.
        audience: &'a str,
        /// The method.
        method: &'a str,
        /// The path below the audience's prefix.
        path: &'a str,
        /// The status, if there was an answer.
        status: Option<u16>,
        /// How long it took.
        duration: Duration,
    },
    /// A request, or its answer, was denied by the rules of the template or by the workspace's policy.
    Denied {
        /// The code of the failure.
        code: &'a str,
        /// The sentence of the failure.
        message: &'a str,
    },
    /// A line of the plugin's log.
    Log {
        /// How much it matters.
        level: LogLevel,
        /// The line.
        message: &'a str,
    },
    /// How far a call has come.
    Progress {
        /// Units done.
        done: u64,
        /// Units in all, if known.
        total: Option<u64>,
        /// One short sentence.
        message: &'a str,
    },
    /// How much of a file went out, or came in. Raised for each stretch of it, and from the beginning where it is sent
    /// again.
    Transfer {
        /// Bytes so far.
        done: u64,
        /// Bytes in all, if known.
        total: Option<u64>,
    },
    /// Somebody could not be served, and only who runs the workspace can mend it: the connection that serves everybody
    /// is over, or lacks something.
    AdminNeeded {
        /// The workspace.
        workspace: &'a str,
        /// The integration.
        integration: &'a str,
        /// The code of the failure.
        code: &'a str,
        /// The sentence of the failure.
        message: &'a str,
    },
    /// A conversation ended because something failed in it.
    ConversationFailed {
        /// The workspace.
        workspace: &'a str,
        /// The dialog.
        dialog: &'a str,
        /// The conversation.
        conversation: &'a str,
        /// The code of the failure.
        code: &'a str,
    },
    /// A call ended; its instance still exists.
    CallFinished {
        /// The integration.
        integration: &'a str,
        /// The exported function.
        function: &'a str,
        /// The code of the failure, if it failed.
        failure: Option<&'a str>,
    },
}

/// Takes what happens while calls run. It is called on the thread of the call and must not block it.
pub trait EventSink: Send + Sync {
    /// Something happened.
    fn event(&self, event: Event<'_>);
}

/// Takes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct DenyEvents;

impl EventSink for DenyEvents {
    fn event(&self, _: Event<'_>) {}
}
