//! Between the contract's types and ours, for what a manifest says of requests and containers.

use super::bindings::exports::integration::action::action as wit;
use super::convert::{method_name, parameters_from_wit};
use super::guard::{
    Condition, Containers, ItemKind, Lookup, Naming, PathPattern, Place, Pointer, Reference, RequestRule,
    Subject,
};
use crate::egress::Method;
use crate::failure::Result;

pub(super) fn rule_from_wit(rule: wit::RequestRule) -> Result<RequestRule> {
    let subjects = match rule.concerns {
        wit::Concern::Nothing => None,
        wit::Concern::Subjects(subjects) => {
            Some(subjects.into_iter().map(subject_from_wit).collect::<Result<_>>()?)
        }
    };
    Ok(RequestRule {
        audience: rule.audience,
        method: Method::new(method_name(rule.method)),
        path: PathPattern::of_manifest(&rule.path)?,
        subjects,
        keeps: rule.keeps.iter().map(|pointer| Pointer::of_manifest(pointer)).collect::<Result<_>>()?,
    })
}

fn subject_from_wit(subject: wit::Subject) -> Result<Subject> {
    let condition = |when: wit::Condition| {
        Pointer::of_manifest(&when.pointer).map(|pointer| Condition { pointer, equals: when.equals })
    };
    Ok(Subject {
        place: match subject.place {
            wit::Place::Path(name) => Place::Path(name),
            wit::Place::Query(name) => Place::Query(name),
            wit::Place::Body(pointer) => Place::Body(Pointer::of_manifest(&pointer)?),
            wit::Place::Answer(pointer) => Place::Answer(Pointer::of_manifest(&pointer)?),
        },
        what: reference_from_wit(subject.what),
        when: subject.when.map(condition).transpose()?,
    })
}

fn reference_from_wit(reference: wit::Reference) -> Reference {
    match reference {
        wit::Reference::ContainerId => Reference::ContainerId,
        wit::Reference::ContainerKey => Reference::ContainerKey,
        wit::Reference::Item(kind) => Reference::Item(kind),
    }
}

pub(super) fn containers_from_wit(container: wit::Container) -> Result<Containers> {
    let item = |kind: wit::ItemKind| {
        let lookups = kind.lookups.into_iter().map(lookup_from_wit).collect::<Result<_>>()?;
        Ok(ItemKind { name: kind.name, lookups })
    };
    Ok(Containers {
        name: container.name,
        by_id: lookup_from_wit(container.by_id)?,
        by_key: lookup_from_wit(container.by_key)?,
        items: container.items.into_iter().map(item).collect::<Result<_>>()?,
    })
}

fn lookup_from_wit(lookup: wit::Lookup) -> Result<Lookup> {
    let naming = |naming: wit::Naming| {
        Ok(Naming { pointer: Pointer::of_manifest(&naming.pointer)?, what: reference_from_wit(naming.what) })
    };
    Ok(Lookup {
        audience: lookup.audience,
        path: PathPattern::of_manifest(&lookup.path)?,
        query: parameters_from_wit(lookup.query),
        names: lookup.names.into_iter().map(naming).collect::<Result<_>>()?,
    })
}
