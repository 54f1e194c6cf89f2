//! What handlers take out of a request. What does not fit is a problem document, as every error is.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::Api;
use super::problem::Refused;
use crate::failure::{Failure, FailureKind};
use crate::ids::{KeyId, WorkspaceId};
use crate::service::keys::ApiKey;

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub(super) Arc<ApiKey>);

impl Caller {
    pub(super) fn workspace(&self) -> WorkspaceId {
        self.0.workspace.clone()
    }

    pub(super) fn key(&self) -> &KeyId {
        &self.0.id
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Refused> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Failure::internal("A route without a key asks who is there.").into())
    }
}

/// The parameters of the path.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for Path<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refused> {
        let path = axum::extract::Path::from_request_parts(parts, api).await;
        path.map(|axum::extract::Path(path)| Self(path)).map_err(|_| {
            Refused::from(Failure::new(FailureKind::NotFound, "not-found", "There is nothing at this path."))
        })
    }
}

/// The parameters of the query.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refused> {
        let query = axum::extract::Query::from_request_parts(parts, api).await;
        query.map(|axum::extract::Query(query)| Self(query)).map_err(|rejection| {
            wrong("bad-query", &format!("The query is not understood: {}.", rejection.body_text())).into()
        })
    }
}

/// A body in JSON.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Api> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Refused> {
        let is_json =
            request.headers().get(header::CONTENT_TYPE).is_some_and(|value| is_json(value.as_bytes()));
        if !is_json {
            let failure = wrong("no-json", "The body is not said to be JSON.");
            return Err(Refused::with(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                failure.hint("Send it with \"Content-Type: application/json\"."),
            ));
        }
        read(&bytes(request, api).await?)
    }
}

/// A body in JSON that may be left out.
pub(super) struct MaybeBody<T>(pub(super) T);

impl<T: DeserializeOwned + Default> FromRequest<Api> for MaybeBody<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Refused> {
        let is_json =
            request.headers().get(header::CONTENT_TYPE).is_none_or(|value| is_json(value.as_bytes()));
        let bytes = bytes(request, api).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_json {
            let failure = wrong("no-json", "The body is not said to be JSON.");
            return Err(Refused::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, failure));
        }
        read(&bytes).map(|Body(body)| Self(body))
    }
}

/// The whole body, if it comes in time and is not too large.
pub(super) async fn bytes(request: Request, api: &Api) -> Result<Bytes, Refused> {
    match tokio::time::timeout(api.longest_body, Bytes::from_request(request, api)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(BytesRejection::FailedToBufferBody(rejection)))
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE =>
        {
            Err(Failure::new(FailureKind::TooLarge, "body-too-large", "The body is too large.").into())
        }
        Ok(Err(_)) => Err(wrong("bad-body", "The body did not come as a whole.").into()),
        Err(_) => {
            let failure = Failure::new(FailureKind::TimedOut, "body-too-slow", "The body came too slowly.");
            Err(Refused::with(StatusCode::REQUEST_TIMEOUT, failure))
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Body<T>, Refused> {
    serde_json::from_slice(bytes)
        .map(Body)
        .map_err(|error| wrong("bad-body", &format!("The body is not understood: {error}.")).into())
}

pub(super) fn is_json(media_type: &[u8]) -> bool {
    let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

pub(super) fn wrong(code: &'static str, message: &str) -> Failure {
    Failure::new(FailureKind::InvalidInput, code, message)
}
