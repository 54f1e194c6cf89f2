//! The components that the command runs.
//!
//! | where one is | what it is named by |
//! |---|---|
//! | in the command itself | its id |
//! | `<home>/components/<id>.wasm`, put there by `integrations add` | its id |
//! | anywhere, for this process alone | its path: what has a separator in it or ends in `.wasm` |
//!
//! Whichever it is, the host holds it to what was approved of its id.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::home::{Home, create_private};
use crate::builtin::{self, BuiltIn};
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::IntegrationId;
use crate::runtime::{Engine, Plugin};

/// The folder of the components that were added, in the data directory.
const FOLDER: &str = "components";

const EXTENSION: &str = "wasm";

/// A component that was added to the data directory.
pub(super) struct Added {
    /// The component.
    pub(super) plugin: Plugin,
    /// Where it is kept.
    pub(super) file: PathBuf,
    /// Whether it took the place of another one.
    pub(super) replaced: bool,
}

impl Home {
    /// All plugins that have an id here: those that ship with the command, and those that were added. Of one that can no
    /// longer be loaded there is a line in the log.
    pub(super) fn plugins(&self) -> Result<Vec<Plugin>> {
        let engine = self.engine()?;
        let mut plugins: Vec<Plugin> =
            builtin::COMPONENTS.iter().map(|component| component.load(&engine)).collect::<Result<_>>()?;
        for id in self.added()? {
            match self.added_plugin(&engine, &id) {
                Ok(plugin) => plugins.push(plugin),
                Err(failure) => tracing::warn!("the component that was added as {id} is left out: {failure}"),
            }
        }
        Ok(plugins)
    }

    /// The plugin of an integration, or of the component at a path.
    pub(super) fn plugin(&self, named: &str) -> Result<Plugin> {
        self.plugin_in(&self.engine()?, named)
    }

    /// The same, in this engine.
    pub(super) fn plugin_in(&self, engine: &Engine, named: &str) -> Result<Plugin> {
        if is_path(named) {
            return engine.load(&read_component(named)?);
        }
        if let Some(component) = BuiltIn::find(named) {
            return component.load(engine);
        }
        if self.added()?.iter().any(|id| id == named) {
            return self.added_plugin(engine, named);
        }
        Err(Failure::new(
            FailureKind::NotFound,
            "unknown-integration",
            format!("There is no integration \"{named}\"."),
        )
        .hint(format!(
            "Integrations: {}. Another one is named by the path of its component, or added with: actionbay integrations add FILE",
            self.ids()?.join(", ")
        )))
    }

    /// The ids of all plugins that have one here.
    pub(super) fn ids(&self) -> Result<Vec<String>> {
        let built_in = builtin::COMPONENTS.iter().map(|component| component.id.to_owned());
        Ok(built_in.chain(self.added()?).collect())
    }

    /// Keeps a component in the data directory, under the id that it says.
    ///
    /// # Errors
    /// `BadPlugin`; `Conflict` where the id is one that ships with the command; `Storage`.
    pub(super) fn add_component(&self, path: &str) -> Result<Added> {
        let bytes = read_component(path)?;
        let plugin = self.engine()?.load(&bytes)?;
        let id = &plugin.manifest().id;
        if is_built_in(id.as_str()) {
            return Err(Failure::new(
                FailureKind::Conflict,
                "integration-exists",
                format!("The integration \"{id}\" ships with the command, and stays what it is."),
            )
            .hint("Name the component by its path to use it once, or give its manifest another id."));
        }
        let folder = self.folder()?.join(FOLDER);
        create_private(&folder)?;
        let file = folder.join(id.as_str()).with_added_extension(EXTENSION);
        let replaced = file.is_file();
        // Written aside and moved, so that a process that starts meanwhile finds the old one or the new one.
        let write = || -> std::io::Result<()> {
            let mut draft = tempfile::NamedTempFile::new_in(&folder)?;
            draft.write_all(&bytes)?;
            draft.as_file().sync_all()?;
            draft.persist(&file).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|error| unwritable(&file, &error))?;
        Ok(Added { plugin, file, replaced })
    }

    /// Takes an added component away.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for one that ships with the command; `Storage`.
    pub(super) fn remove_component(&self, id: &str) -> Result<()> {
        if is_built_in(id) {
            return Err(Failure::new(
                FailureKind::Conflict,
                "integration-exists",
                format!("The integration \"{id}\" ships with the command, and cannot be removed."),
            )
            .hint(format!("Take it out of a workspace with: actionbay integrations delete {id}")));
        }
        if !self.added()?.iter().any(|added| added == id) {
            return Err(Failure::new(
                FailureKind::NotFound,
                "unknown-integration",
                format!("No component was added as \"{id}\"."),
            )
            .hint("See what there is with: actionbay integrations list"));
        }
        let file = self.component_of(id)?;
        std::fs::remove_file(&file).map_err(|error| unwritable(&file, &error))
    }

    /// The ids of the components that were added, in order.
    fn added(&self) -> Result<Vec<String>> {
        let folder = self.folder()?.join(FOLDER);
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let id = |file: PathBuf| {
            let name = file.file_stem()?.to_str()?.to_owned();
            let is_component = file.extension().is_some_and(|extension| extension == EXTENSION);
            (is_component && IntegrationId::new(&*name).is_ok()).then_some(name)
        };
        let mut ids: Vec<String> = files.filter_map(id).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    fn added_plugin(&self, engine: &Engine, id: &str) -> Result<Plugin> {
        let file = self.component_of(id)?;
        let plugin = engine.load(&read_component(&file.to_string_lossy())?)?;
        let says = &plugin.manifest().id;
        if says.as_str() == id {
            return Ok(plugin);
        }
        Err(Failure::new(
            FailureKind::BadPlugin,
            "other-integration",
            format!("The component {} says that it is \"{says}\".", file.display()),
        )
        .hint(format!("Take it away with: actionbay integrations remove {id}")))
    }

    fn component_of(&self, id: &str) -> Result<PathBuf> {
        Ok(self.folder()?.join(FOLDER).join(id).with_added_extension(EXTENSION))
    }
}

/// Whether an integration ships with the command.
pub(super) fn is_built_in(id: &str) -> bool {
    BuiltIn::find(id).is_some()
}

/// Whether this names a component by where it is.
fn is_path(text: &str) -> bool {
    text.contains(['/', '\\']) || Path::new(text).extension().is_some_and(|extension| extension == EXTENSION)
}

/// The bytes of a component in a file.
pub(super) fn read_component(path: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        Failure::new(
            FailureKind::InvalidInput,
            "component-unreadable",
            format!("The component {path} cannot be read: {error}."),
        )
        .hint("Check the path.")
    })
}

fn unwritable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::storage(
        "component-unwritable",
        format!("The component {} cannot be written or removed: {error}.", file.display()),
    )
    .hint("Check who owns the data directory, and that the disk has room.")
}
