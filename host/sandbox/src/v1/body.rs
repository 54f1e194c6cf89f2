//! The JSON body of a v1 call.

use serde_json::Value;

use crate::errors;
use crate::http::{Call, Reply};
use crate::v2::fields::LARGEST;

/// Reads the body, whatever it holds.
pub(super) fn read(call: &Call) -> Result<Value, Reply> {
    if call.body.len() > LARGEST {
        return Err(errors::v1(413, true, "The request is too large in size (over 5 MB)."));
    }
    if call.media_type() != "application/json" {
        return Err(errors::v1(415, true, "The body must be application/json."));
    }
    serde_json::from_slice(&call.body)
        .map_err(|error| errors::v1_invalid(format!("Could not parse the request body: {error}")))
}
