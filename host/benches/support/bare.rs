//! What wasmtime itself takes for a call, with nothing of this host: a store, an instance, an export.

use wasmtime::component::{Component, InstancePre, Linker, Val};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

/// A component whose imports do nothing.
pub(crate) struct Bare {
    engine: Engine,
    component: InstancePre<()>,
}

impl Bare {
    /// Compiled by an engine as the host makes it.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut pool = PoolingAllocationConfig::new();
        pool.linear_memory_keep_resident(512 << 10)
            .table_keep_resident(512 << 10)
            .max_memory_size(1 << 30)
            .total_memories(16)
            .pagemap_scan(Enabled::Auto);
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .concurrency_support(false)
            .max_wasm_stack(1 << 20)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).unwrap();
        let component = Component::new(&engine, bytes).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let component = linker.instantiate_pre(&component).unwrap();
        Self { engine, component }
    }

    /// A store, and an instance in it.
    pub(crate) fn instantiate(&self) {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        self.component.instantiate(&mut store).unwrap();
    }

    /// The same, and a call of `describe`.
    pub(crate) fn describe(&self) -> Val {
        let mut store = Store::new(&self.engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = self.component.instantiate(&mut store).unwrap();
        let interface =
            instance.get_export_index(&mut store, None, "integration:action/action@0.1.0").unwrap();
        let describe = instance.get_export_index(&mut store, Some(&interface), "describe").unwrap();
        let describe = instance.get_func(&mut store, describe).unwrap();
        let mut results = [Val::Bool(false)];
        describe.call(&mut store, &[], &mut results).unwrap();
        let [manifest] = results;
        manifest
    }
}
