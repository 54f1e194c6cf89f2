//! What status a failure is answered with.

use axum::http::StatusCode;

use super::room::BUSY;
use crate::failure::{Failure, FailureKind};

/// The status for programs. That an account is not connected is no 401, which is about the key of the request.
pub(super) fn of(failure: &Failure) -> StatusCode {
    match (&failure.kind, failure.code.as_ref()) {
        (FailureKind::NotFound, _) => StatusCode::NOT_FOUND,
        (FailureKind::AuthorizationRequired, "link-expired" | "link-used") | (FailureKind::Gone, _) => {
            StatusCode::GONE
        }
        (FailureKind::InvalidInput, _) => StatusCode::BAD_REQUEST,
        (FailureKind::Conflict, "idempotency-key-reused") => StatusCode::UNPROCESSABLE_ENTITY,
        (FailureKind::Conflict, _) => StatusCode::CONFLICT,
        (
            FailureKind::AuthorizationRequired
            | FailureKind::InsufficientScope(_)
            | FailureKind::AccessDenied
            | FailureKind::Denied,
            _,
        ) => StatusCode::FORBIDDEN,
        (FailureKind::RateLimited, _) | (FailureKind::LimitExceeded, BUSY) => StatusCode::TOO_MANY_REQUESTS,
        (FailureKind::LimitExceeded, _) => StatusCode::UNPROCESSABLE_ENTITY,
        (FailureKind::TooLarge, _) => StatusCode::PAYLOAD_TOO_LARGE,
        (FailureKind::TimedOut, _) => StatusCode::GATEWAY_TIMEOUT,
        (
            FailureKind::Upstream
            | FailureKind::Unreachable
            | FailureKind::BadClientCredentials
            | FailureKind::Other(_),
            _,
        ) => StatusCode::BAD_GATEWAY,
        (FailureKind::Storage | FailureKind::Internal | FailureKind::BadPlugin, _) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// The status for a person's browser: that something has to be done over is nothing that a browser knows how to do.
pub(super) fn of_page(failure: &Failure) -> StatusCode {
    match (failure.kind.clone(), failure.code.as_ref()) {
        (FailureKind::RateLimited | FailureKind::LimitExceeded, _) => StatusCode::SERVICE_UNAVAILABLE,
        (_, "link-unknown" | "link-expired" | "link-used") => of(failure),
        _ => match of(failure) {
            status if status.is_server_error() => status,
            _ => StatusCode::BAD_REQUEST,
        },
    }
}

/// Whether a failure is a fault here, of which whoever asked is told no more than that.
pub(super) fn is_ours(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Storage | FailureKind::Internal | FailureKind::BadPlugin)
}
