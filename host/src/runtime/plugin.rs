//! A plugin: a component that was verified, compiled and asked what it is.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};
use wasmtime::Store;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, HasSelf, Instance, Linker};

use super::bindings::Integration;
use super::bindings::exports::integration::action::action as wit;
use super::call::{
    self, Authority, AuthorizationOutcome, AuthorizationStep, CallContext, CallReport, Granted, Handle,
    Purpose, State,
};
use super::exports::{ACTION, Exports};
use super::files::FileRights;
use super::guard::{Guard, LearnedKeys};
use super::{AudienceFacts, Engine, Manifest, Probe, Tape, Template, artifact, convert, wasi, work};
use crate::egress::Response;
use crate::failure::{Failure, FailureKind, Result, plain_text};

/// The contract's package: a component imports interfaces of it, and of WASI what is harmless.
const PACKAGE: &str = "integration:action/";

/// What each part of an output counts for at least: read, it takes the host that much room and several times more.
const BYTES_OF_A_PART: usize = 8;

/// A component that is ready to be called, any number of times and at the same time. Cheap to clone.
#[derive(Clone)]
pub struct Plugin {
    engine: Engine,
    component: Arc<Exports>,
    audiences: Arc<[AudienceFacts]>,
    manifest: Arc<Manifest>,
    digest: Arc<str>,
    is_built_in: bool,
    /// Which containers have which keys.
    learned_keys: LearnedKeys,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin")
            .field("id", &self.manifest.id)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes a plugin of a component's bytes: compiles it, checks what it imports, and asks it what it is; or takes code and
    /// answer from the artifact that was kept.
    ///
    /// # Errors
    /// `BadPlugin` where the bytes are no component of the contract, import anything else, or describe
    /// themselves badly.
    pub fn load(&self, bytes: &[u8]) -> Result<Plugin> {
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        self.loaded(bytes, &digest, false)
    }

    /// Makes a plugin of a component that lies in the program itself, with the digest that its build found: what `load` does
    /// without hashing once more, which is half of the time where there is an artifact. Whoever installed the program has
    /// accepted its component with it, unless it declares more than the approved one.
    ///
    /// `digest` is the SHA-256 of `bytes` in lower-case hex. Nothing checks that, and a digest is what artifacts and approvals go
    /// by: give one only where nobody could have changed either.
    ///
    /// # Errors
    /// As `load`.
    pub fn load_built_in(&self, bytes: &[u8], digest: &str) -> Result<Plugin> {
        self.loaded(bytes, digest, true)
    }

    fn loaded(&self, bytes: &[u8], digest: &str, is_built_in: bool) -> Result<Plugin> {
        let (exports, manifest) = match artifact::load(self, digest, |component| self.linked(component)) {
            Some((exports, manifest)) => (exports?, manifest),
            None => {
                let component = self.compiled(bytes)?;
                let exports = self.linked(&component)?;
                let manifest = describe(self, &exports)?;
                artifact::save(self, digest, &component, &manifest);
                (exports, manifest)
            }
        };
        let digest = digest.into();
        let (component, manifest) = (Arc::new(exports), Arc::new(manifest));
        let audiences = manifest.audiences.clone().into();
        Ok(Plugin {
            engine: self.clone(),
            component,
            audiences,
            manifest,
            digest,
            is_built_in,
            learned_keys: LearnedKeys::default(),
        })
    }

    fn linked(&self, component: &Component) -> Result<Exports> {
        check_contract(self, component)?;
        link(self, component)
    }

    fn compiled(&self, bytes: &[u8]) -> Result<Component> {
        if !is_component(bytes) {
            return Err(Failure::new(FailureKind::BadPlugin, "not-a-component", not_a_component(bytes))
                .hint("Give the path of a .wasm component that exports integration:action/action."));
        }
        Component::new(self.wasmtime(), bytes).map_err(|error| {
            Failure::new(
                FailureKind::BadPlugin,
                "broken-component",
                format!("The component is damaged or incomplete: {}.", error.root_cause()),
            )
            .hint("Copy or build it again.")
        })
    }
}

impl Plugin {
    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What it says of itself when it is asked once more.
    pub(crate) fn described_anew(&self) -> Result<Manifest> {
        describe(&self.engine, &self.component)
    }

    /// The SHA-256 of its bytes, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether it lies in the program itself.
    pub fn is_built_in(&self) -> bool {
        self.is_built_in
    }

    /// The interfaces it imports, by name: all that it can do.
    pub fn imports(&self) -> Vec<String> {
        let component_type = self.component.component.component().component_type();
        component_type.imports(self.engine.wasmtime()).map(|(name, _)| name.to_owned()).collect()
    }

    /// Carries an authorization one step further.
    ///
    /// # Errors
    /// What the plugin gives; a limit; a crash.
    pub fn authorize(
        &self,
        context: CallContext,
        profile: &str,
        step: AuthorizationStep,
    ) -> (Result<AuthorizationOutcome>, CallReport) {
        self.call(Purpose::Authorize, context, |instance, store| {
            store.data_mut().profile = Some(profile.to_owned());
            let step = step_to_wit(step, store)?;
            match self.component.authorize.call(instance, &mut *store, (step,))? {
                Ok(outcome) => outcome_from_wit(outcome, store),
                Err(failure) => Ok(Err(convert::failure_from_wit(failure, &store.data().secrets))),
            }
        })
    }

    /// Renews a connection.
    ///
    /// # Errors
    /// What the plugin gives; a limit; a crash.
    pub fn refresh(&self, context: CallContext, connection: Arc<dyn Authority>) -> (Result<()>, CallReport) {
        self.call(Purpose::Refresh, context, |instance, store| {
            store.data_mut().profile = Some(connection.profile().to_owned());
            let handle = store.data_mut().table.push(Handle(connection))?;
            let facts = self.component.refresh.call(instance, &mut *store, (handle,))?;
            Ok(facts.map(drop).map_err(|failure| convert::failure_from_wit(failure, &store.data().secrets)))
        })
    }

    /// Runs a template. Input and output are validated against its schemas.
    ///
    /// # Errors
    /// `NotFound` (no such template), `InvalidInput` with every violation, what the plugin gives, a limit, a
    /// crash, `Internal` where the output breaks its schema, `Denied` where the credential is in it.
    pub fn execute(
        &self,
        context: CallContext,
        template: &str,
        input: &Value,
        connection: Arc<dyn Authority>,
    ) -> (Result<Value>, CallReport) {
        if let Err(failure) = self.check_input(template, input) {
            return (Err(failure), CallReport::default());
        }
        let tape = context.tape.clone();
        let context = match Tape::begin(context, self, (template, input), connection.as_ref()) {
            Ok(context) => context,
            Err(failure) => return (Err(failure), CallReport::default()),
        };
        let rights = self.file_rights(template, input);
        let remembered = self.learned_keys.of(connection.facts().id, context.pacer.clock());
        let containers = Arc::clone(&context.containers);
        let guard = Guard::new(Arc::clone(&self.manifest), template, containers, remembered);
        let (result, report) = self.call(Purpose::Execute, context, |instance, store| {
            store.data_mut().guard = Some(guard);
            store.data_mut().file_rights = rights;
            store.data_mut().profile = Some(connection.profile().to_owned());
            let handle = store.data_mut().table.push(Handle(connection))?;
            let call = wit::TemplateCall { template: template.to_owned(), input: input.to_string() };
            let output = self.component.execute.call(instance, &mut *store, (call, handle))?;
            let state = store.data();
            Ok(match output {
                Ok(output) => self.checked_output(template, &output, state),
                Err(failure) => Err(convert::failure_from_wit(failure, &state.secrets)),
            })
        });
        tape.end(&result);
        (result, report)
    }

    /// What a run of a template may open and make.
    fn file_rights(&self, template: &str, input: &Value) -> FileRights {
        let template = self.manifest.template(template);
        template.map_or_else(FileRights::default, |template| FileRights {
            named: template.input.files_in(input),
            may_create: template.output.has_files(),
        })
    }

    /// Sends a probe of the manifest on behalf of a connection, without the component.
    ///
    /// # Errors
    /// What a request of the component would give.
    pub(crate) fn probe(
        &self,
        context: CallContext,
        probe: &Probe,
        connection: Arc<dyn Authority>,
    ) -> Result<Response> {
        let mut state = State::new(Purpose::Authorize, Some(context), Arc::clone(&self.audiences));
        let answered = state.exchange(&probe.audience, probe.request(), Some(connection));
        answered
            .unwrap_or_else(|_| Err(Failure::internal("The probe could not be sent.")))
            .map_err(|failure| failure.without(&state.secrets))
    }

    /// The template of this id.
    ///
    /// # Errors
    /// `NotFound`, with those that there are.
    pub fn known_template(&self, id: &str) -> Result<&Template> {
        self.manifest.template(id).ok_or_else(|| {
            let known: Vec<&str> = self.manifest.templates.iter().map(|known| known.id.as_str()).collect();
            let nearest =
                nearest(id, &known).map(|known| format!("Did you mean {known}? ")).unwrap_or_default();
            Failure::new(
                FailureKind::NotFound,
                "unknown-template",
                format!("{} has no template \"{}\".", self.manifest.title, plain_text(id, 64)),
            )
            .hint(format!("{nearest}Its templates: {}.", known.join(", ")))
        })
    }

    /// Whether a template takes this input.
    ///
    /// # Errors
    /// `NotFound`, `InvalidInput` with every violation.
    pub fn check_input(&self, template: &str, input: &Value) -> Result<()> {
        let template = self.known_template(template)?;
        let violations = template.input.violations(input);
        if violations.is_empty() {
            return Ok(());
        }
        let fields: Vec<String> =
            violations.iter().map(|v| format!("{} {}", display_pointer(&v.pointer), v.message)).collect();
        Err(Failure::new(
            FailureKind::InvalidInput,
            "invalid-input",
            format!("The input does not fit {}: {}", template.id, fields.join(" ")),
        )
        .hint(format!("Its fields: {}.", template.input.properties().join(", ")))
        .violations(violations))
    }

    /// The output of a template, read, if it is one that may be had.
    fn checked_output(&self, template: &str, output: &str, state: &State) -> Result<Value> {
        let exceeded = |what: String| Err(state.limits.exceeded("output-bytes", &what));
        if output.len() > state.limits.output_bytes {
            return exceeded(format!("The output has {} bytes", output.len()));
        }
        let parts = work::parts_written(output);
        if parts.saturating_mul(BYTES_OF_A_PART) > state.limits.output_bytes {
            return exceeded(format!(
                "The output has {parts} parts, each of which counts as {BYTES_OF_A_PART} bytes"
            ));
        }
        if state.secrets.found_in(output.as_bytes()) {
            return Err(Failure::new(
                FailureKind::Denied,
                "credential-in-output",
                "The output holds the credential of the connection, and nobody gets it.",
            )
            .hint("This is a fault of the plugin. What it did at the vendor stays done."));
        }
        let broken = |why: String| {
            Failure::new(FailureKind::Internal, "invalid-output", why)
                .hint("This is a fault of the plugin. What it did at the vendor stays done.")
        };
        let value: Value = serde_json::from_str(output)
            .map_err(|error| broken(format!("The output is no JSON: {error}.")))?;
        let violations = self
            .manifest
            .template(template)
            .map(|template| template.output.violations(&value))
            .unwrap_or_default();
        if violations.is_empty() {
            return Ok(value);
        }
        Err(broken("The output does not fit the template's own schema.".to_owned()).violations(violations))
    }

    fn call<T>(
        &self,
        purpose: Purpose,
        context: CallContext,
        body: impl FnOnce(&Instance, &mut Store<State>) -> wasmtime::Result<Result<T>>,
    ) -> (Result<T>, CallReport) {
        let audiences = Arc::clone(&self.audiences);
        call::run(
            &self.engine,
            &self.component.component,
            self.manifest.id.as_str(),
            purpose,
            Some(context),
            audiences,
            body,
        )
    }
}

/// The whole document has an empty pointer, which reads as nothing in a sentence.
fn display_pointer(pointer: &str) -> &str {
    if pointer.is_empty() { "(input)" } else { pointer }
}

/// The first eight bytes of a component: magic number, version and layer (WebAssembly component model, binary
/// format).
/// The name that was meant, if one is like it.
fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    /// As alike as a word with a letter too few, or two that changed places.
    const ALIKE: f64 = 0.8;
    let likeness = |known: &&'n str| (strsim::jaro_winkler(&plain_text(name, 64), known), *known);
    let nearest = known.iter().map(likeness).max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (nearest.0 >= ALIKE).then_some(nearest.1)
}

fn is_component(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm\x0d\0\x01\0")
}

fn not_a_component(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"\0asm\x01\0\0\0") {
        "It is a WebAssembly core module, not a component."
    } else if bytes.is_empty() {
        "The file is empty."
    } else {
        "It is not a WebAssembly component."
    }
}

/// Refuses a component that imports anything but the contract, or does not implement it, by name.
fn check_contract(engine: &Engine, component: &Component) -> Result<()> {
    let component_type = component.component_type();
    let foreign: Vec<&str> = component_type
        .imports(engine.wasmtime())
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with(PACKAGE) && !wasi::is_linked(name))
        .collect();
    if !foreign.is_empty() {
        return Err(Failure::new(
            FailureKind::BadPlugin,
            "foreign-import",
            format!("The component imports what no plugin may have: {}.", foreign.join(", ")),
        )
        .hint(wasi::MAY_BE_IMPORTED));
    }
    let exports: Vec<(&str, ComponentItem)> =
        component_type.exports(engine.wasmtime()).map(|(name, item)| (name, item.ty)).collect();
    if exports.iter().any(|(name, _)| *name == ACTION) {
        return Ok(());
    }
    let other = exports.iter().map(|(name, _)| *name).find(|name| name.starts_with(PACKAGE));
    Err(Failure::new(
        FailureKind::BadPlugin,
        "other-contract",
        match other {
            Some(other) => format!("The component implements {other}, and this host speaks {ACTION}."),
            None => format!("The component does not implement {ACTION}."),
        },
    )
    .hint("Build it against the wit/ of this version."))
}

fn link(engine: &Engine, component: &Component) -> Result<Exports> {
    let other = |why: &str| {
        Failure::new(
            FailureKind::BadPlugin,
            "other-contract",
            format!("The component does not fit the contract: {why}."),
        )
        .hint("Build it against the wit/ of this version.")
    };
    let linked =
        linker(engine)?.instantiate_pre(component).map_err(|error| other(&error.root_cause().to_string()))?;
    Exports::of(linked).ok_or_else(|| other("a function is missing"))
}

/// The imports of every component, linked once for an engine.
fn linker(engine: &Engine) -> Result<&Linker<State>> {
    if let Some(linker) = engine.linker().get() {
        return Ok(linker);
    }
    log::debug!("a linker is made");
    let mut linker = Linker::new(engine.wasmtime());
    let unlinked = |error| Failure::internal(format!("The imports cannot be linked: {error}."));
    Integration::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state).map_err(unlinked)?;
    wasi::link(&mut linker).map_err(unlinked)?;
    Ok(engine.linker().get_or_init(|| linker))
}

/// What a component says of itself, after its type was checked as a whole.
fn describe(engine: &Engine, exports: &Exports) -> Result<Manifest> {
    let component = &exports.component;
    let (manifest, _) =
        call::run(engine, component, "", Purpose::Describe, None, Arc::new([]), |instance, store| {
            let integration = Integration::new(&mut *store, instance)?;
            Ok(Ok(integration.integration_action_action().call_describe(store)?))
        });
    let manifest = manifest.map_err(|failure| match failure.kind {
        FailureKind::BadPlugin => failure,
        _ => super::manifest::bad(&format!("cannot be had: {}", failure.message)),
    })?;
    convert::manifest_from_wit(manifest)
}

fn step_to_wit(step: AuthorizationStep, store: &mut Store<State>) -> wasmtime::Result<wit::Step> {
    Ok(match step {
        AuthorizationStep::Begin { scopes } => wit::Step::Begin(scopes),
        AuthorizationStep::Callback { parameters } => {
            wit::Step::Callback(convert::parameters_to_wit(parameters))
        }
        AuthorizationStep::ChooseSite { connection, site } => wit::Step::ChooseSite(wit::ChosenSite {
            connection: store.data_mut().table.push(Handle(connection))?,
            site: convert::site_to_wit(site),
        }),
    })
}

/// What the guest returned, with its handles turned back into what is behind them.
fn outcome_from_wit(
    outcome: wit::Outcome,
    store: &mut Store<State>,
) -> wasmtime::Result<Result<AuthorizationOutcome>> {
    Ok(match outcome {
        wit::Outcome::Redirect(parameters) => {
            Ok(AuthorizationOutcome::Redirect(convert::parameters_from_wit(parameters)))
        }
        wit::Outcome::Choose(choice) => {
            let connection = store.data_mut().table.delete(choice.connection)?.0;
            let secrets = &store.data().secrets;
            let sites: Result<Vec<_>> =
                choice.sites.into_iter().map(|site| convert::site_from_wit(site, secrets)).collect();
            sites.map(|sites| AuthorizationOutcome::Choose { connection, sites })
        }
        wit::Outcome::Granted(grant) => {
            let connection = store.data_mut().table.delete(grant.connection)?.0;
            let secrets = &store.data().secrets;
            let site = grant.site.map(|site| convert::site_from_wit(site, secrets)).transpose();
            let attributes = convert::attributes_from_wit(grant.attributes, secrets);
            site.map(|site| AuthorizationOutcome::Granted(Granted { connection, site, attributes }))
        }
    })
}
