//! Linear memories that a test can look into, and a watcher that looks at every host call.

#![allow(unsafe_code, reason = "wasmtime takes memories through an unsafe trait; each use argues for itself")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use actionbay::runtime::{Event, EventSink};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::Canaries;

/// More than a call may have, so that no memory ever moves; untouched pages cost nothing.
const CAPACITY: usize = 256 << 20;

struct Region {
    bytes: *mut u8,
    size: AtomicUsize,
    /// How often the memories of its maker were made larger.
    grown: Arc<AtomicUsize>,
}

// SAFETY: the bytes belong to the region alone until it is dropped; the guest writes them on the thread of its
// call, and the scanner reads them on that same thread, while the guest waits in a host call or has returned.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: made by `Memories::new_memory` from a boxed slice of this length, and given up only here.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.bytes, CAPACITY)) });
    }
}

struct Memory(Arc<Region>);

// SAFETY: base and capacity stay as they are, bytes up to the size are zero until the guest writes them, and the
// engine is told that there is no guard and no reservation.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.0.size.load(Ordering::SeqCst)
    }

    fn byte_capacity(&self) -> usize {
        CAPACITY
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        if new_size > CAPACITY {
            return Err(wasmtime::format_err!("larger than a test's memory may be"));
        }
        self.0.size.store(new_size, Ordering::SeqCst);
        self.0.grown.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.0.bytes
    }
}

/// Makes memories and keeps track of those that live.
#[derive(Clone, Default)]
pub(crate) struct Memories {
    regions: Arc<Mutex<Vec<Weak<Region>>>>,
    made: Arc<AtomicUsize>,
    grown: Arc<AtomicUsize>,
}

impl Memories {
    /// How many were made.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    /// How often one of them was made larger.
    pub(crate) fn grown(&self) -> usize {
        self.grown.load(Ordering::SeqCst)
    }

    /// Shows every living memory.
    fn each(&self, mut look: impl FnMut(&[u8])) -> usize {
        let mut regions = self.regions.lock().unwrap();
        regions.retain(|region| region.strong_count() > 0);
        for region in regions.iter().filter_map(Weak::upgrade) {
            // SAFETY: the size never exceeds the capacity, and nobody writes meanwhile (see `Region`).
            look(unsafe { std::slice::from_raw_parts(region.bytes, region.size.load(Ordering::SeqCst)) });
        }
        regions.len()
    }
}

// SAFETY: see `Memory`; a minimum above the capacity is an error.
unsafe impl MemoryCreator for Memories {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if minimum > CAPACITY || guard > 0 || reserved.is_some_and(|reserved| reserved > CAPACITY) {
            return Err("a test's memory has no guard and no such size".to_owned());
        }
        let bytes = Box::into_raw(vec![0u8; CAPACITY].into_boxed_slice()).cast::<u8>();
        let region = Arc::new(Region { bytes, size: AtomicUsize::new(minimum), grown: self.grown.clone() });
        self.regions.lock().unwrap().push(Arc::downgrade(&region));
        self.made.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Memory(region)))
    }
}

/// Looks for secrets in every memory at every host call, and at the end of every call.
#[derive(Clone, Default)]
pub(crate) struct Scanner {
    memories: Memories,
    canaries: Arc<OnceLock<Canaries>>,
    seen: Arc<Mutex<BTreeMap<String, usize>>>,
    found: Arc<Mutex<Vec<String>>>,
}

impl Scanner {
    pub(crate) fn over(memories: Memories) -> Self {
        Self { memories, ..Self::default() }
    }

    /// Says which secrets to look for.
    pub(crate) fn look_for(&self, canaries: Canaries) {
        assert!(self.canaries.set(canaries).is_ok());
    }

    /// At which points it looked into how many memories in all.
    pub(crate) fn seen(&self) -> BTreeMap<String, usize> {
        self.seen.lock().unwrap().clone()
    }

    /// Where it found what.
    pub(crate) fn found(&self) -> Vec<String> {
        self.found.lock().unwrap().clone()
    }

    fn scan(&self, point: &str) {
        let Some(canaries) = self.canaries.get() else { return };
        let memories = self.memories.each(|memory| {
            for kind in canaries.found_in(memory) {
                self.found.lock().unwrap().push(format!("{kind} at {point}"));
            }
        });
        *self.seen.lock().unwrap().entry(point.to_owned()).or_default() += memories;
    }
}

impl EventSink for Scanner {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::HostCall { function } => self.scan(function),
            Event::CallFinished { function, .. } => self.scan(&format!("end of {function}")),
            _ => {}
        }
    }
}
