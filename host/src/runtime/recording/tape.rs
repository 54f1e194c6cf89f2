//! Where the imports of a call meet a recording: each passes here, to be written down or to be given what was.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use wasmtime::component::Resource;

use super::format::{
    Answer, Asked, Bytes, Call, Component, Exchange, KeptFile, NewFile, Opened, RecordedFailure, SentBody,
    SentContent, SentPart,
};
use super::player::{Departed, Player};
use super::recorder::{Recorder, kept};
use crate::egress::{Body, FileSource, Part, PartContent, Request, Response, Source};
use crate::failure::{Failure, FailureKind, Result};
use crate::runtime::call::{Authority, State};
use crate::runtime::files::{FileHandle, NewFileHandle};
use crate::runtime::{CallContext, ConnectionFacts, Files, Plugin, SourceFile, bindings, convert};

use bindings::integration::action::http;

/// Blocks of 32 random bytes before they begin anew, for components whose language brings a source of them along: twice
/// what one may ask for at once.
const RANDOM_BLOCKS: u64 = 4 << 10;

/// What listens to a call, or stands in for the host. By default neither.
#[derive(Clone, Default)]
pub struct Tape(Option<Mode>);

#[derive(Clone)]
enum Mode {
    Record(Recorder),
    Play(Player),
}

/// The time and the randomness of a call that is recorded or replayed.
#[cfg_attr(not(feature = "wasi"), expect(dead_code, reason = "only WASI tells them"))]
pub(in crate::runtime) struct Fixed {
    /// Seconds since 1970 UTC.
    pub(in crate::runtime) clock: u64,
    /// Random bytes.
    pub(in crate::runtime) random: Vec<u8>,
}

impl Tape {
    /// Records the call.
    pub fn recording(recorder: Recorder) -> Self {
        Self(Some(Mode::Record(recorder)))
    }

    pub(super) fn playing(player: Player) -> Self {
        Self(Some(Mode::Play(player)))
    }

    /// A template is about to be called: the context that it is called with.
    pub(in crate::runtime) fn begin(
        mut context: CallContext,
        plugin: &Plugin,
        (template, input): (&str, &Value),
        connection: &dyn Authority,
    ) -> Result<CallContext> {
        let Some(Mode::Record(recorder)) = &context.tape.0 else { return Ok(context) };
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| Failure::internal(format!("There is no randomness: {error}.")))?;
        let seed = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        let clock = context.pacer.clock().now().unwrap_or_default();
        let manifest = plugin.manifest();
        let component = Component {
            integration: manifest.id.as_str().to_owned(),
            version: manifest.version.clone(),
            digest: plugin.digest().to_owned(),
        };
        recorder.begin(component, (template, input), (clock, seed), connection.facts());
        let files: Arc<dyn Files> = recorder.watching(Arc::clone(&context.files));
        context.files = files;
        Ok(context)
    }

    /// The call ended so.
    pub(in crate::runtime) fn end(&self, result: &Result<Value>) {
        if let Some(Mode::Record(recorder)) = &self.0 {
            recorder.end(result);
        }
    }

    /// The time and the randomness of the call, where they must be the same again.
    #[cfg_attr(not(feature = "wasi"), expect(dead_code, reason = "only WASI tells them"))]
    pub(in crate::runtime) fn fixed(&self) -> Option<Fixed> {
        let (clock, seed) = match self.0.as_ref()? {
            Mode::Record(recorder) => recorder.fixed()?,
            Mode::Play(player) => player.fixed(),
        };
        let block = |count: u64| Sha256::new().chain_update(&seed).chain_update(count.to_be_bytes());
        let random = (0..RANDOM_BLOCKS).flat_map(|count| block(count).finalize()).collect();
        Some(Fixed { clock, random })
    }
}

impl State {
    fn tape(&self) -> Option<Mode> {
        self.context.as_ref().and_then(|context| context.tape.0.clone())
    }

    /// The component departed from its recording, and there is nothing to give it.
    fn depart<T>(&mut self, _: Departed) -> wasmtime::Result<T> {
        self.ended = Some(Failure::new(
            FailureKind::Internal,
            "departed-from-recording",
            "The component asked for something else than was recorded.",
        ));
        Err(wasmtime::format_err!("the component departed from its recording"))
    }

    /// The facts of a connection, as the component gets them.
    pub(in crate::runtime) fn taped_facts(&self, connection: &dyn Authority) -> ConnectionFacts {
        match self.tape() {
            Some(Mode::Play(player)) => player.facts(),
            Some(Mode::Record(recorder)) => {
                let facts = connection.facts();
                recorder.told(&facts);
                facts
            }
            None => connection.facts(),
        }
    }

    /// Opens a file of the caller.
    pub(in crate::runtime) fn taped_open(&mut self, name: &str) -> wasmtime::Result<Result<SourceFile>> {
        if let Some(Mode::Play(player)) = self.tape() {
            return match player.open(name) {
                Ok(opened) => Ok(opened.map(without_bytes)),
                Err(departed) => self.depart(departed),
            };
        }
        let context = self.context()?;
        let opened = self.file_rights.check_open(name).and_then(|()| context.files.open(name));
        if let Some(Mode::Record(recorder)) = self.tape() {
            let opened = match &opened {
                Ok(file) => Opened::File(kept(file)),
                Err(failure) => Opened::Failure(RecordedFailure::of(failure)),
            };
            recorder.call(Call::Open { name: name.to_owned(), opened }, &self.secrets);
        }
        Ok(opened)
    }

    /// Sends a request of the component.
    pub(in crate::runtime) fn taped_send(
        &mut self,
        request: http::Request,
        connection: Option<Arc<dyn Authority>>,
    ) -> wasmtime::Result<Result<Response>> {
        let Some(mode) = self.tape() else {
            let (audience, request) = convert::request_from_wit(request, &self.table)?;
            return self.guarded(&audience, request, connection);
        };
        let (asked, audience, request) = self.asked(request, connection.is_some())?;
        match mode {
            Mode::Play(player) => match player.send(&asked) {
                Ok(exchange) => Ok(self.given(&exchange)),
                Err(departed) => self.depart(departed),
            },
            Mode::Record(recorder) => {
                let result = self.guarded(&audience, request, connection)?;
                recorder.call(Call::Send(self.exchanged(asked, &result)), &self.secrets);
                Ok(result)
            }
        }
    }

    /// Sends a request of the component whose answer ends in a new file, which must not be written yet.
    pub(in crate::runtime) fn taped_download(
        &mut self,
        request: http::Request,
        connection: Option<Arc<dyn Authority>>,
        into: &Resource<NewFileHandle>,
    ) -> wasmtime::Result<Result<Response>> {
        let Some(mode) = self.tape() else {
            let (audience, request) = convert::request_from_wit(request, &self.table)?;
            return self.download_into(&audience, request, connection, into);
        };
        let file = self.table.get(into)?;
        let wish = NewFile { name: file.name.clone(), media_type: file.media_type.clone() };
        let (asked, audience, request) = self.asked(request, connection.is_some())?;
        match mode {
            Mode::Play(player) => match player.download(&asked, &wish) {
                Ok((exchange, made)) => {
                    if let Some(made) = made {
                        let file = self.table.get_mut(into)?;
                        (file.name, file.size) = (made.name, Some(made.size));
                    }
                    Ok(self.given(&exchange))
                }
                Err(departed) => self.depart(departed),
            },
            Mode::Record(recorder) => {
                let result = self.download_into(&audience, request, connection, into)?;
                let file = self.table.get(into)?;
                let made = file.size.filter(|_| result.is_ok());
                let made = made.map(|size| recorder.made(file.name.clone(), size));
                let exchange = self.exchanged(asked, &result);
                recorder.call(Call::Download { exchange, into: wish, made }, &self.secrets);
                Ok(result)
            }
        }
    }

    /// A request as the component named it, beside what it is for the host.
    fn asked(
        &self,
        request: http::Request,
        on_behalf_of_connection: bool,
    ) -> wasmtime::Result<(Asked, String, Request)> {
        let files = names(&request.body, |handle| Ok(self.table.get(handle)?.0.name.clone()))?;
        let (audience, request) = convert::request_from_wit(request, &self.table)?;
        let asked = Asked {
            audience: audience.clone(),
            method: request.method.as_str().to_owned(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            on_behalf_of_connection,
            body: sent(&request.body, files),
        };
        Ok((asked, audience, request))
    }

    fn exchanged(&self, request: Asked, result: &Result<Response>) -> Exchange {
        let result = match result {
            Ok(response) => Answer::of(&Ok(response.clone())),
            Err(failure) => Answer::of(&Err(failure.clone().without(&self.secrets))),
        };
        Exchange { request, answer: result, effect_sent: self.effect_sent }
    }

    fn given(&mut self, exchange: &Exchange) -> Result<Response> {
        self.requests += 1;
        self.effect_sent = exchange.effect_sent;
        exchange.answer.given()
    }
}

/// The names of the files that a body sends, in order.
fn names(
    body: &http::Body,
    name: impl Fn(&Resource<FileHandle>) -> wasmtime::Result<String>,
) -> wasmtime::Result<Vec<String>> {
    match body {
        http::Body::File(handle) => Ok(vec![name(handle)?]),
        http::Body::Multipart(parts) => {
            let file = |part: &http::Part| match &part.content {
                http::PartContent::File(handle) => Some(name(handle)),
                http::PartContent::Bytes(_) => None,
            };
            parts.iter().filter_map(file).collect()
        }
        _ => Ok(Vec::new()),
    }
}

/// A body, with its files by their names.
fn sent(body: &Body, files: Vec<String>) -> Option<SentBody> {
    let mut files = files.into_iter();
    let mut file = || files.next().unwrap_or_default();
    Some(match body {
        Body::None => return None,
        Body::Json(text) => SentBody::Json(Bytes::of(text.as_bytes())),
        Body::Form(fields) => SentBody::Form(fields.clone()),
        Body::Content { media_type, bytes } => {
            SentBody::Content { media_type: media_type.clone(), bytes: Bytes::of(bytes) }
        }
        Body::File { .. } => SentBody::File(file()),
        Body::Multipart(parts) => {
            let part = |part: &Part| SentPart {
                name: part.name.clone(),
                file_name: part.file_name.clone(),
                media_type: part.media_type.clone(),
                content: match &part.content {
                    PartContent::Bytes(bytes) => SentContent::Bytes(Bytes::of(bytes)),
                    PartContent::File(_) => SentContent::File(file()),
                },
            };
            SentBody::Multipart(parts.iter().map(part).collect())
        }
    })
}

/// A file whose bytes nobody asks for: they would go past the component.
fn without_bytes(file: KeptFile) -> SourceFile {
    SourceFile {
        name: file.name,
        media_type: file.media_type.unwrap_or_default(),
        bytes: FileSource::new(Arc::new(NoBytes(file.size))),
    }
}

struct NoBytes(u64);

impl Source for NoBytes {
    fn length(&self) -> u64 {
        self.0
    }

    fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        Err(std::io::Error::other("a recording holds no bytes of files"))
    }
}
