//! The functions that a component exports.
//!
//! Every component is of one type, which is checked as a whole when it describes itself. A call looks up the one function
//! that it is for: to check all four of them again takes longer than the smallest call.

use std::marker::PhantomData;

use wasmtime::Store;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, Resource,
};

use super::bindings::exports::integration::action::action as wit;
use super::bindings::integration::action::{connections, types};
use super::call::{Handle, State};

/// The export that a component must have, with the version of the contract that this host speaks.
pub(super) const ACTION: &str = "integration:action/action@0.1.0";

/// A component whose imports are linked, and where its functions are.
pub(super) struct Exports {
    pub(super) component: InstancePre<State>,
    pub(super) authorize: Export<(wit::Step,), Result<wit::Outcome, types::Failure>>,
    pub(super) refresh: Export<(Resource<Handle>,), Result<connections::Facts, types::Failure>>,
    pub(super) execute: Export<(wit::TemplateCall, Resource<Handle>), Result<String, types::Failure>>,
}

impl Exports {
    /// Those of a component, if it has them all.
    pub(super) fn of(component: InstancePre<State>) -> Option<Self> {
        let (_, action) = component.component().get_export(None, ACTION)?;
        Some(Self {
            authorize: Export::of(component.component(), &action, "authorize")?,
            refresh: Export::of(component.component(), &action, "refresh")?,
            execute: Export::of(component.component(), &action, "execute-template")?,
            component,
        })
    }
}

/// A function that takes and gives this.
pub(super) struct Export<P, R> {
    index: ComponentExportIndex,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R> Export<P, R>
where
    P: ComponentNamedList + Lower,
    R: Lift + 'static,
{
    fn of(component: &Component, interface: &ComponentExportIndex, name: &str) -> Option<Self> {
        let (_, index) = component.get_export(Some(interface), name)?;
        Some(Self { index, types: PhantomData })
    }

    /// Calls it in an instance.
    pub(super) fn call(
        &self,
        instance: &Instance,
        store: &mut Store<State>,
        parameters: P,
    ) -> wasmtime::Result<R> {
        let function = instance.get_typed_func::<P, (R,)>(&mut *store, &self.index)?;
        Ok(function.call(store, parameters)?.0)
    }
}
