//! `actionbay integrations policy`

use clap::Args;

use super::home::Home;
use super::integrations::open;
use super::output::{Output, table};
use crate::authorization::WorkspacePolicy;
use crate::failure::{Failure, FailureKind, Result};
use crate::ids::TemplateId;
use crate::runtime::{Access, ContainerName, Manifest};

#[derive(Debug, Args)]
pub(super) struct Policy {
    /// The integration, or the path of its component
    integration: String,
    /// What may be done with one template: allow, read-only (it runs if it reads) or deny
    #[arg(long = "template", value_name = "NAME=ACCESS", value_parser = named)]
    templates: Vec<(String, Access)>,
    /// The same for all templates that are not named
    #[arg(long, value_name = "ACCESS", value_parser = access)]
    other_templates: Option<Access>,
    /// What may be done with one container, such as a space, by its key (DOCS=read-only) or its id (id:123=deny)
    #[arg(long = "container", value_name = "KEY=ACCESS", value_parser = named)]
    containers: Vec<(String, Access)>,
    /// The same for all containers that are not named
    #[arg(long, value_name = "ACCESS", value_parser = access)]
    other_containers: Option<Access>,
    /// Allow everything, before anything else is set
    #[arg(long)]
    clear: bool,
}

fn access(text: &str) -> Result<Access, String> {
    [Access::Allow, Access::ReadOnly, Access::Deny]
        .into_iter()
        .find(|access| access.as_str() == text)
        .ok_or_else(|| "it is one of allow, read-only, deny".to_owned())
}

fn named(text: &str) -> Result<(String, Access), String> {
    let (name, word) = text.rsplit_once('=').ok_or("write it as NAME=ACCESS")?;
    Ok((name.to_owned(), access(word)?))
}

impl Policy {
    pub(super) fn run(self, home: &Home, output: &Output) -> Result<()> {
        let changes = self.clear
            || !self.templates.is_empty()
            || !self.containers.is_empty()
            || self.other_templates.is_some()
            || self.other_containers.is_some();
        let integration = self.integration.clone();
        // Before the store is opened: a wrong call leaves nothing behind.
        let change = changes.then(|| self.change()).transpose()?;
        let (host, id) = open(home, &integration, output)?;
        let policy = match change {
            Some(change) => host.set_policy(home.workspace(), &id, change)?,
            None => host.policy(home.workspace(), &id)?,
        };
        let plugin = host.plugin(&id)?;
        output.result(&policy, || shown(&policy, plugin.manifest()))
    }

    /// What is to become of the policy. A container that is allowed where all others are needs no line of its own, and
    /// keeps one: what holds for the others may change.
    fn change(self) -> Result<impl FnOnce(&mut WorkspacePolicy)> {
        let containers: Vec<(ContainerName, Access)> = self
            .containers
            .into_iter()
            .map(|(name, access)| Ok((name.parse::<ContainerName>()?, access)))
            .collect::<Result<_>>()?;
        let templates: Vec<(TemplateId, Access)> = self
            .templates
            .into_iter()
            .map(|(name, access)| Ok((template(name)?, access)))
            .collect::<Result<_>>()?;
        Ok(move |policy: &mut WorkspacePolicy| {
            if self.clear {
                *policy = WorkspacePolicy::default();
            }
            policy.templates.others = self.other_templates.unwrap_or(policy.templates.others);
            policy.containers.others = self.other_containers.unwrap_or(policy.containers.others);
            policy.templates.named.extend(templates);
            policy.containers.named.extend(containers);
        })
    }
}

fn template(name: String) -> Result<TemplateId> {
    TemplateId::new(name.as_str()).map_err(|_| {
        Failure::new(FailureKind::NotFound, "unknown-template", format!("There is no template \"{name}\"."))
            .hint("See them with: actionbay templates list")
    })
}

fn shown(policy: &WorkspacePolicy, manifest: &Manifest) -> String {
    let row =
        |what: &str, name: String, access: Access| vec![what.to_owned(), name, access.as_str().to_owned()];
    let mut rows: Vec<Vec<String>> = policy
        .templates
        .named
        .iter()
        .map(|(template, access)| row("template", template.to_string(), *access))
        .collect();
    rows.push(row("template", "(others)".to_owned(), policy.templates.others));
    if let Some(containers) = &manifest.container {
        let named = policy.containers.named.iter();
        rows.extend(named.map(|(name, access)| row(&containers.name, name.to_string(), *access)));
        rows.push(row(&containers.name, "(others)".to_owned(), policy.containers.others));
    }
    table(&["what", "name", "access"], &rows)
}
