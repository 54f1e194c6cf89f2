//! Dialogs: a template is run by talking.
//!
//! Installing a template makes its dialog, of its schemas and prompts alone. People may change it. A conversation goes
//! through it: it asks for what is not known, sends a link where an account is missing, and goes on when it is there. What
//! is sent to the vendor stays the plugin's to do.
//!
//! | file | subject |
//! |---|---|
//! | `model.rs` | what a dialog is |
//! | `making.rs` | a dialog made from a template |
//! | `check.rs` | whether a dialog can be gone through |
//! | `store.rs` | the dialogs of a workspace |
//! | `transfer.rs` | dialogs taken elsewhere |
//! | `responses.rs` | standard responses, in several languages |
//! | `render.rs` | texts and requests filled in |
//! | `said.rs` | what was said before it was asked for |
//! | `answers.rs` | what an answer is |
//! | `conversation.rs` | what is kept of a conversation |
//! | `talk.rs` | the conversation engine |
//! | `hearing.rs` | what it takes from what a person says |
//! | `steps.rs` | its services: connections, runs, failures |

mod answers;
mod check;
mod conversation;
mod hearing;
mod making;
mod model;
mod render;
mod responses;
mod said;
mod steps;
mod store;
mod talk;
mod transfer;

pub use conversation::{Conversation, ConversationStatus, Line, Reply};
pub use model::{
    Action, Button, Confirmation, Detail, Dialog, Entity, EntityType, Intent, Message, Node, Presence,
    RETRIES, Service, TIMEOUT,
};
pub use responses::{ENGLISH, Responses};
pub use store::Installed;
pub use talk::{Start, Turn, Words};
pub use transfer::{Export, Import, Imported};
