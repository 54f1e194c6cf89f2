//! What a guest can call of files, and what its requests do with them: nothing here touches their bytes.

use std::sync::Arc;

use wasmtime::component::Resource;

use super::Event;
use super::bindings::integration::action::{files, types};
use super::call::{Authority, State};
use super::file_names::plain_name;
use super::files::{FileHandle, NewFileHandle, Target};
use super::{CallContext, convert};
use crate::egress::{Credential, Download, ExchangeLimits, Request, Response, Route};
use crate::failure::{Failure, FailureKind, Result};

/// How much of a name is looked at, in bytes: more than any file system takes.
const MAX_FILE_NAME: usize = 4 << 10;

/// The longest media type that is kept, in characters (RFC 6838 allows 127 and 127).
const MAX_MEDIA_TYPE: usize = 255;

impl State {
    /// Sends a request whose answer ends in a new file. Nothing is left of one that failed.
    pub(super) fn fetch(
        &mut self,
        context: &CallContext,
        route: &Route,
        request: &Request,
        credential: Option<&Credential>,
        limits: ExchangeLimits,
        target: &mut Target,
    ) -> Result<Response> {
        let mut landing = target.landing(context.files.as_ref(), Arc::clone(&context.events))?;
        let limit = self.limits.file_bytes.saturating_sub(self.file_bytes.fetched);
        // A template sends nothing but what it declares, wherever an answer would have it go.
        let may_follow = |path: &str| match (&self.guard, route.audience()) {
            (Some(guard), Some(audience)) => guard.may_follow(audience, path),
            _ => true,
        };
        let mut download = Download { into: &mut landing, limit, may_follow: &may_follow };
        let result =
            context.egress.download(route, request, credential, &self.secrets, limits, &mut download);
        self.file_bytes.fetched = self.file_bytes.fetched.saturating_add(landing.written);
        let response = result?;
        if (200..=299).contains(&response.status) {
            landing.finish(target)?;
        }
        Ok(response)
    }

    /// Sends a request whose answer ends in this new file, if it may be sent.
    pub(super) fn download_into(
        &mut self,
        audience: &str,
        request: Request,
        connection: Option<Arc<dyn Authority>>,
        into: &Resource<NewFileHandle>,
    ) -> wasmtime::Result<Result<Response>> {
        let target = Target::of(self.table.get(into)?);
        let result = self.guarded_download(audience, request, connection, target)?;
        if let Some((name, size)) = self.target.take().and_then(|target| target.made) {
            let file = self.table.get_mut(into)?;
            (file.name, file.size) = (name, Some(size));
        }
        Ok(result)
    }

    /// Counts the files that a request sends.
    pub(super) fn count_file(&mut self, request: &Request) -> Result<()> {
        let sent = self.file_bytes.sent.saturating_add(request.body.file_len());
        if sent > self.limits.file_bytes {
            return Err(self
                .limits
                .exceeded("file-bytes", "The file is larger than the files of a call may be"));
        }
        self.file_bytes.sent = sent;
        Ok(())
    }
}

/// A new file is made once.
pub(super) fn written_already() -> Failure {
    Failure::new(FailureKind::InvalidInput, "file-written", "The new file was written already.")
}

impl files::Host for State {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<FileHandle>, types::Failure>> {
        self.enter("files.open")?;
        let context = self.context()?;
        let opened = self.taped_open(&name)?;
        self.raise(Event::HostCall { function: "files.open" });
        match opened {
            Ok(file) => Ok(Ok(self.table.push(FileHandle(file.watched(context.events)))?)),
            Err(failure) => Ok(Err(convert::failure_to_wit(failure.without(&self.secrets)))),
        }
    }

    fn create(
        &mut self,
        name: String,
        media_type: String,
    ) -> wasmtime::Result<Result<Resource<NewFileHandle>, types::Failure>> {
        self.enter("files.create")?;
        let allowed = self.file_rights.check_create();
        self.raise(Event::HostCall { function: "files.create" });
        match allowed {
            Ok(()) => {
                let media_type = self.told(&media_type, MAX_MEDIA_TYPE);
                let name = plain_name(&self.secrets.remove_from_beginning(&name, MAX_FILE_NAME));
                let file = NewFileHandle { name, media_type, size: None };
                Ok(Ok(self.table.push(file)?))
            }
            Err(failure) => Ok(Err(convert::failure_to_wit(failure))),
        }
    }
}

impl files::HostFile for State {
    fn facts(&mut self, handle: Resource<FileHandle>) -> wasmtime::Result<files::FileFacts> {
        self.enter("file.facts")?;
        let FileHandle(file) = self.table.get(&handle)?;
        let (name, media_type) = (file.name.clone(), file.media_type.clone());
        let facts = files::FileFacts { name, media_type, size: Some(file.bytes.length()) };
        self.raise(Event::HostCall { function: "file.facts" });
        Ok(facts)
    }

    fn drop(&mut self, handle: Resource<FileHandle>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}

impl files::HostNewFile for State {
    fn facts(&mut self, handle: Resource<NewFileHandle>) -> wasmtime::Result<files::FileFacts> {
        self.enter("new-file.facts")?;
        let file = self.table.get(&handle)?;
        let (name, media_type) = (file.name.clone(), file.media_type.clone());
        let facts = files::FileFacts { name, media_type, size: file.size };
        self.raise(Event::HostCall { function: "new-file.facts" });
        Ok(facts)
    }

    fn drop(&mut self, handle: Resource<NewFileHandle>) -> wasmtime::Result<()> {
        self.table.delete(handle)?;
        Ok(())
    }
}
