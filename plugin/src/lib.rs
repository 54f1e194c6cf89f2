//! The Confluence plugin of Actionbay: reads, writes, finds and arranges pages and blog posts of Confluence Cloud, with
//! their comments, labels, attachments and versions.
//!
//! Compiled for `wasm32-unknown-unknown` and made into a component, it implements
//! `integration:action@0.1.0` and imports that contract and nothing else. It holds no token, names no host
//! and keeps no state: the host supplies origin, site and credential of every request.
//!
//! This file alone knows the generated bindings. It decodes what the host passes, calls the plugin's logic,
//! and encodes the answer. The logic is plain Rust against the traits of [`platform`] and runs natively too:
//!
//! | module | what |
//! |---|---|
//! | [`manifest`] | what `describe` says |
//! | [`authorize`] | Atlassian's OAuth and its sites |
//! | [`templates`] | the actions, one per file, with their schemas |
//! | `confluence` | the REST client: paths, pages of results, errors |
//! | [`content`] | Markdown and Confluence's storage format: a crate of its own, since long texts spend their time there |
//! | [`platform`] | the imports as traits |

#![allow(
    clippy::result_large_err,
    reason = "the contract's failure is a record of eight fields; a call makes one at most, so a box would only cost"
)]

pub mod authorize;
mod confluence;
pub mod manifest;
pub mod platform;
pub mod templates;

pub use actionbay_confluence_content as content;

#[cfg(target_arch = "wasm32")]
mod component {
    //! The exports, and the imports as the traits of `platform`.

    use actionbay_heap as _;

    use self::bindings::exports::integration::action::action as wit;
    use self::bindings::integration::action::connections::{self, Connection};
    use self::bindings::integration::action::files::{self, File, NewFile};
    use self::bindings::integration::action::{http, log, oauth, progress, types};
    use crate::authorize::{self, Outcome, Step};
    use crate::confluence::CONFLUENCE;
    use crate::manifest::{Lookup, MANIFEST, Named, Place, Probe, Rule, Subject, TokenErrorMeaning};
    use crate::platform::{
        Authority, Body, Facts, Failure, FailureKind, FileFacts, Level, Method, Parameter, Part, PartContent,
        Request, Response, Session, Site,
    };
    use crate::templates::{self, Effect};

    #[allow(
        unsafe_code,
        missing_docs,
        unreachable_pub,
        clippy::all,
        clippy::allow_attributes_without_reason,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::panic,
        reason = "generated: it crosses the component's boundary, which is raw memory"
    )]
    mod bindings {
        wit_bindgen::generate!({ path: "../wit", world: "integration" });
        export!(Plugin with_types_in self);
        use super::Plugin;
    }

    struct Plugin;

    impl wit::Guest for Plugin {
        fn describe() -> wit::Manifest {
            manifest()
        }

        fn authorize(step: wit::Step) -> Result<wit::Outcome, types::Failure> {
            let step = match step {
                wit::Step::Begin(scopes) => Step::Begin(scopes),
                wit::Step::Callback(query) => Step::Callback(all(query, parameter_in)),
                wit::Step::ChooseSite(chosen) => Step::ChooseSite(chosen.connection, site_in(chosen.site)),
            };
            match authorize::authorize(&Host, step).map_err(failure_out)? {
                Outcome::Redirect(parameters) => Ok(wit::Outcome::Redirect(all(parameters, parameter_out))),
                Outcome::Choose(connection, sites) => {
                    Ok(wit::Outcome::Choose(wit::SiteChoice { connection, sites: all(sites, site_out) }))
                }
                Outcome::Granted(connection, site, attributes) => Ok(wit::Outcome::Granted(wit::Grant {
                    connection,
                    site: Some(site_out(site)),
                    attributes: all(attributes, parameter_out),
                })),
            }
        }

        fn refresh(connection: &Connection) -> Result<connections::Facts, types::Failure> {
            authorize::refresh(&Host, connection).map(facts_out).map_err(failure_out)
        }

        fn execute_template(
            call: wit::TemplateCall,
            connection: &Connection,
        ) -> Result<String, types::Failure> {
            templates::execute(&Lent(connection), &call.template, &call.input).map_err(failure_out)
        }
    }

    /// The host, while authorizing.
    struct Host;

    impl Authority for Host {
        type Connection = Connection;

        fn facts(&self, connection: &Connection) -> Facts {
            facts_in(connection.facts())
        }

        fn exchange_code(&self) -> Result<Connection, Failure> {
            oauth::exchange_code().map_err(failure_in)
        }

        fn refresh_token(&self, connection: &Connection) -> Result<Facts, Failure> {
            oauth::refresh_token(connection).map(facts_in).map_err(failure_in)
        }

        fn send(&self, request: Request, on_behalf_of: &Connection) -> Result<Response, Failure> {
            send(request, on_behalf_of)
        }

        fn log(&self, level: Level, message: &str) {
            write(level, message);
        }
    }

    /// The host, for a template, with the connection that was lent.
    struct Lent<'a>(&'a Connection);

    impl Session for Lent<'_> {
        fn facts(&self) -> Facts {
            facts_in(self.0.facts())
        }

        fn send(&self, request: Request) -> Result<Response, Failure> {
            send(request, self.0)
        }

        fn file(&self, name: &str) -> Result<FileFacts, Failure> {
            files::open(name).map(|file| file_facts_in(file.facts())).map_err(failure_in)
        }

        fn download(
            &self,
            request: Request,
            name: &str,
            media_type: &str,
        ) -> Result<(Response, FileFacts), Failure> {
            let file = files::create(name, media_type).map_err(failure_in)?;
            let response = download(request, self.0, &file)?;
            Ok((response, file_facts_in(file.facts())))
        }

        fn log(&self, level: Level, message: &str) {
            write(level, message);
        }

        fn progress(&self, done: u64, total: Option<u64>, message: &str) {
            progress::report(done, total, message);
        }
    }

    fn send(request: Request, on_behalf_of: &Connection) -> Result<Response, Failure> {
        let opened = opened(&request.body)?;
        let request = request_out(request, &opened);
        http::send(&request, Some(on_behalf_of)).map(response_in).map_err(failure_in)
    }

    fn download(request: Request, on_behalf_of: &Connection, into: &NewFile) -> Result<Response, Failure> {
        let request = request_out(request, &[]);
        http::download(&request, Some(on_behalf_of), into).map(response_in).map_err(failure_in)
    }

    /// The files of a body, in the order of its parts.
    fn opened(body: &Body) -> Result<Vec<File>, Failure> {
        let Body::Multipart(parts) = body else { return Ok(Vec::new()) };
        let names = parts.iter().filter_map(|part| match &part.content {
            PartContent::File(name) => Some(name),
            PartContent::Text(_) => None,
        });
        names.map(|name| files::open(name).map_err(failure_in)).collect()
    }

    /// The parts, with the files that stand for their names.
    fn parts_out(parts: Vec<Part>, mut opened: std::slice::Iter<'_, File>) -> Vec<http::Part<'_>> {
        all(parts, |part| http::Part {
            name: part.name.to_owned(),
            file_name: part.file_name,
            media_type: part.media_type,
            content: match part.content {
                PartContent::Text(text) => http::PartContent::Bytes(text.into_bytes()),
                PartContent::File(_) => match opened.next() {
                    Some(file) => http::PartContent::File(file),
                    None => http::PartContent::Bytes(Vec::new()),
                },
            },
        })
    }

    fn request_out(request: Request, opened: &[File]) -> http::Request<'_> {
        http::Request {
            audience: request.audience.to_owned(),
            method: method(request.method),
            path: request.path,
            query: all(request.query, parameter_out),
            headers: all(request.headers, |header| http::Header { name: header.name, value: header.value }),
            body: match request.body {
                Body::None => http::Body::None,
                Body::Json(json) => http::Body::Json(json),
                Body::Multipart(parts) => http::Body::Multipart(parts_out(parts, opened.iter())),
            },
        }
    }

    fn response_in(response: http::Response) -> Response {
        Response {
            status: response.status,
            headers: all(response.headers, |header| Parameter { name: header.name, value: header.value }),
            body: response.body,
        }
    }

    fn file_facts_in(facts: files::FileFacts) -> FileFacts {
        FileFacts { name: facts.name, media_type: facts.media_type, size: facts.size }
    }

    fn method(method: Method) -> http::Method {
        match method {
            Method::Get => http::Method::Get,
            Method::Post => http::Method::Post,
            Method::Put => http::Method::Put,
            Method::Delete => http::Method::Delete,
        }
    }

    fn write(level: Level, message: &str) {
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Warn => log::Level::Warn,
        };
        log::write(&level, message);
    }

    fn all<A, B>(list: Vec<A>, one: impl FnMut(A) -> B) -> Vec<B> {
        list.into_iter().map(one).collect()
    }

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    fn parameter_in(parameter: types::Parameter) -> Parameter {
        Parameter { name: parameter.name, value: parameter.value }
    }

    fn parameter_out(parameter: Parameter) -> types::Parameter {
        types::Parameter { name: parameter.name, value: parameter.value }
    }

    fn pair((name, value): &(&str, &str)) -> types::Parameter {
        types::Parameter { name: (*name).to_owned(), value: (*value).to_owned() }
    }

    fn site_in(site: types::Site) -> Site {
        Site { id: site.id, name: site.name, url: site.url }
    }

    fn site_out(site: Site) -> types::Site {
        types::Site { id: site.id, name: site.name, url: site.url }
    }

    fn facts_in(facts: connections::Facts) -> Facts {
        Facts {
            id: facts.id,
            scopes: facts.scopes,
            expires_at: facts.expires_at,
            refreshable: facts.refreshable,
            site: facts.site.map(site_in),
            attributes: all(facts.attributes, parameter_in),
        }
    }

    fn facts_out(facts: Facts) -> connections::Facts {
        connections::Facts {
            id: facts.id,
            scopes: facts.scopes,
            expires_at: facts.expires_at,
            refreshable: facts.refreshable,
            site: facts.site.map(site_out),
            attributes: all(facts.attributes, parameter_out),
        }
    }

    fn failure_in(failure: types::Failure) -> Failure {
        use types::FailureKind as From;
        Failure {
            kind: match failure.kind {
                From::InvalidInput => FailureKind::InvalidInput,
                From::NotFound => FailureKind::NotFound,
                From::Conflict => FailureKind::Conflict,
                From::AuthorizationRequired => FailureKind::AuthorizationRequired,
                From::BadClientCredentials => FailureKind::BadClientCredentials,
                From::InsufficientScope(scopes) => FailureKind::InsufficientScope(scopes),
                From::AccessDenied => FailureKind::AccessDenied,
                From::RateLimited => FailureKind::RateLimited,
                From::Denied => FailureKind::Denied,
                From::Unreachable => FailureKind::Unreachable,
                From::TimedOut => FailureKind::TimedOut,
                From::LimitExceeded => FailureKind::LimitExceeded,
                From::Gone => FailureKind::Gone,
                From::TooLarge => FailureKind::TooLarge,
                From::Upstream => FailureKind::Upstream,
                From::Internal => FailureKind::Internal,
                From::Other(word) => FailureKind::Other(word),
            },
            code: failure.code,
            message: failure.message,
            hint: failure.hint,
            request_sent: failure.request_sent,
            retry_after: failure.retry_after,
            upstream_status: failure.upstream_status,
            upstream_request_id: failure.upstream_request_id,
        }
    }

    fn failure_out(failure: Failure) -> types::Failure {
        use types::FailureKind as To;
        types::Failure {
            kind: match failure.kind {
                FailureKind::InvalidInput => To::InvalidInput,
                FailureKind::NotFound => To::NotFound,
                FailureKind::Conflict => To::Conflict,
                FailureKind::AuthorizationRequired => To::AuthorizationRequired,
                FailureKind::BadClientCredentials => To::BadClientCredentials,
                FailureKind::InsufficientScope(scopes) => To::InsufficientScope(scopes),
                FailureKind::AccessDenied => To::AccessDenied,
                FailureKind::RateLimited => To::RateLimited,
                FailureKind::Denied => To::Denied,
                FailureKind::Unreachable => To::Unreachable,
                FailureKind::TimedOut => To::TimedOut,
                FailureKind::LimitExceeded => To::LimitExceeded,
                FailureKind::Gone => To::Gone,
                FailureKind::TooLarge => To::TooLarge,
                FailureKind::Upstream => To::Upstream,
                FailureKind::Internal => To::Internal,
                FailureKind::Other(word) => To::Other(word),
            },
            code: failure.code,
            message: failure.message,
            hint: failure.hint,
            request_sent: failure.request_sent,
            retry_after: failure.retry_after,
            upstream_status: failure.upstream_status,
            upstream_request_id: failure.upstream_request_id,
        }
    }

    fn manifest() -> wit::Manifest {
        wit::Manifest {
            id: MANIFEST.id.to_owned(),
            title: MANIFEST.title.to_owned(),
            version: MANIFEST.version.to_owned(),
            summary: MANIFEST.summary.to_owned(),
            authorization: vec![
                wit::AuthorizationMethod::Oauth2(oauth2()),
                wit::AuthorizationMethod::Basic(api_token()),
            ],
            probes: MANIFEST.probes.iter().map(probe).collect(),
            // As the platform has it: for developer and enterprise editions only.
            excluded_editions: vec![wit::Edition::Trial],
            audiences: MANIFEST
                .audiences
                .iter()
                .map(|audience| wit::Audience {
                    name: audience.name.to_owned(),
                    origin: audience.origin.to_owned(),
                    path_prefix: audience.path_prefix.to_owned(),
                    authorization_only: audience.authorization_only,
                    cost: audience.cost.as_ref().map(|cost| wit::CallCost {
                        request: cost.request,
                        object: cost.object,
                        budget: cost.budget,
                        window: cost.window,
                    }),
                })
                .collect(),
            container: Some(container()),
            templates: MANIFEST.templates.iter().map(template).collect(),
        }
    }

    fn container() -> wit::Container {
        let container = MANIFEST.container;
        let lookup = |lookup: &Lookup| wit::Lookup {
            audience: container.audience.to_owned(),
            path: lookup.path.to_owned(),
            query: lookup.query.iter().map(pair).collect(),
            names: lookup
                .names
                .iter()
                .map(|(pointer, what)| wit::Naming { pointer: (*pointer).to_owned(), what: reference(*what) })
                .collect(),
        };
        wit::Container {
            name: container.name.to_owned(),
            by_id: lookup(&container.by_id),
            by_key: lookup(&container.by_key),
            items: container
                .items
                .iter()
                .map(|kind| wit::ItemKind {
                    name: kind.name.to_owned(),
                    lookups: kind.lookups.iter().map(lookup).collect(),
                })
                .collect(),
        }
    }

    fn reference(what: Named) -> wit::Reference {
        match what {
            Named::SpaceId => wit::Reference::ContainerId,
            Named::SpaceKey => wit::Reference::ContainerKey,
            Named::Item(kind) => wit::Reference::Item(kind.to_owned()),
        }
    }

    fn rule(rule: &Rule) -> wit::RequestRule {
        let subject = |subject: &Subject| wit::Subject {
            place: match subject.place {
                Place::Path(name) => wit::Place::Path(name.to_owned()),
                Place::Body(pointer) => wit::Place::Body(pointer.to_owned()),
                Place::Answer(pointer) => wit::Place::Answer(pointer.to_owned()),
            },
            what: reference(subject.what),
            when: subject.when.map(|(pointer, equals)| wit::Condition {
                pointer: pointer.to_owned(),
                equals: equals.to_owned(),
            }),
        };
        wit::RequestRule {
            audience: CONFLUENCE.to_owned(),
            method: method(rule.method),
            path: rule.path.to_owned(),
            concerns: match rule.subjects {
                None => wit::Concern::Nothing,
                Some(subjects) => wit::Concern::Subjects(subjects.iter().map(subject).collect()),
            },
            keeps: texts(rule.keeps),
        }
    }

    fn oauth2() -> wit::Oauth2 {
        let oauth2 = &MANIFEST.oauth2;
        wit::Oauth2 {
            // Atlassian sends no `iss`.
            issuer: None,
            authorization_url: oauth2.authorization_url.to_owned(),
            authorization_parameters: oauth2.authorization_parameters.iter().map(pair).collect(),
            token_url: oauth2.token_url.to_owned(),
            refresh_url: Some(oauth2.refresh_url.to_owned()),
            token_request_encoding: wit::TokenRequestEncoding::Json,
            client_authentication: wit::ClientAuthentication::RequestBody,
            // Atlassian documents no code challenge, and requires the client's secret.
            pkce: wit::Pkce::Unsupported,
            default_scopes: texts(oauth2.default_scopes),
            offline_scope: Some(oauth2.offline_scope.to_owned()),
            account_scopes: texts(oauth2.account_scopes),
            token_errors: oauth2
                .token_errors
                .iter()
                .map(|rule| wit::TokenErrorRule {
                    status: rule.status,
                    error: rule.error.to_owned(),
                    meaning: match rule.meaning {
                        TokenErrorMeaning::AuthorizationRequired => {
                            wit::TokenErrorMeaning::AuthorizationRequired
                        }
                        TokenErrorMeaning::BadClientCredentials => {
                            wit::TokenErrorMeaning::BadClientCredentials
                        }
                    },
                })
                .collect(),
            scope_mismatches: oauth2
                .scope_mismatches
                .iter()
                .map(|rule| wit::ScopeMismatchRule {
                    status: rule.status,
                    header: rule.header.as_ref().map(pair),
                    body_contains: rule.body_contains.map(ToOwned::to_owned),
                })
                .collect(),
            refresh_token_leeway: oauth2.refresh_token_leeway,
            refresh_token_idle_lifetime: Some(oauth2.refresh_token_idle_lifetime),
        }
    }

    fn api_token() -> wit::Basic {
        let method = &MANIFEST.api_token;
        wit::Basic {
            id: method.id.to_owned(),
            title: method.title.to_owned(),
            username_label: method.username_label.to_owned(),
            secret_label: method.secret_label.to_owned(),
            site_url: method.site.to_owned(),
            audiences: vec![wit::MethodAudience {
                name: CONFLUENCE.to_owned(),
                origin: method.site.to_owned(),
                path_prefix: method.path_prefix.to_owned(),
            }],
        }
    }

    fn probe(probe: &Probe) -> wit::Probe {
        wit::Probe {
            audience: CONFLUENCE.to_owned(),
            path: probe.path.to_owned(),
            query: probe.query.iter().map(pair).collect(),
            scopes: texts(probe.scopes),
            account_id: probe.account.map(|(id, _)| id.to_owned()),
            account_name: probe.account.map(|(_, name)| name.to_owned()),
        }
    }

    fn template(template: &templates::Template) -> wit::Template {
        wit::Template {
            id: template.id.to_owned(),
            title: template.title.to_owned(),
            summary: template.summary.to_owned(),
            input_schema: template.input_schema.text(),
            output_schema: template.output_schema.text(),
            scopes: texts(template.scopes),
            effect: match template.effect {
                Effect::Read => wit::Effect::Read,
                Effect::Create => wit::Effect::Create,
                Effect::Update => wit::Effect::Update,
                Effect::Delete => wit::Effect::Delete,
            },
            repeatable: template.repeatable,
            prompts: template
                .prompts
                .iter()
                .map(|(field, text)| wit::Prompt { field: (*field).to_owned(), text: (*text).to_owned() })
                .collect(),
            utterances: texts(template.utterances),
            requests: template.requests.iter().copied().flatten().map(rule).collect(),
        }
    }
}
