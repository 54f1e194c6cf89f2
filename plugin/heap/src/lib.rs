//! The heap of a component that lives for one call: its memory is there from the start.
//!
//! A host that gives every call an instance of its own takes the instance's memory away with it. The allocator of the
//! standard library has no memory until it asks for some, so that the first thing that a call allocates makes its memory
//! larger, and its end makes it small again. Each of that changes the protection of pages, and every processor has to hear
//! of it: in a small call it takes longer than all else. Memory that a module declares is neither made nor taken away, it is
//! only wiped where it was written to.
//!
//! A plugin has this heap by naming it once:
//!
//! ```
//! use actionbay_heap as _;
//! ```
//!
//! What a call needs beyond [`ROOM_BYTES`] is asked for as usual. Natively there is nothing here: the heap is the system's.

/// How much memory is there from the start, and how much more is asked for at least: with it most calls never ask, and what
/// is written to is still little enough that a host wipes it in place.
pub const ROOM_BYTES: usize = 256 << 10;

#[cfg(target_arch = "wasm32")]
mod wasm {
    #![expect(unsafe_code, reason = "an allocator is given memory by its address")]

    use core::alloc::Layout;
    use core::arch::wasm32::memory_grow;
    use core::mem::MaybeUninit;
    use core::ptr::NonNull;

    use talc::base::Talc;
    use talc::base::binning::Binning;
    use talc::cell::TalcSyncCell;
    use talc::source::Source;
    use talc::wasm::WasmBinning;

    use super::ROOM_BYTES;

    /// A page of WebAssembly.
    const PAGE_BYTES: usize = 64 << 10;

    /// What an allocation may need beside its own bytes: the tags of its chunk and of the heap that it lies in.
    const BESIDE: usize = 256;

    static mut ROOM: [MaybeUninit<u8>; ROOM_BYTES] = [MaybeUninit::uninit(); ROOM_BYTES];

    #[global_allocator]
    static HEAP: TalcSyncCell<Memory, WasmBinning> = TalcSyncCell::new_wasm(Memory::Untouched);

    /// Where memory comes from.
    #[derive(Debug)]
    enum Memory {
        /// Nothing was allocated yet.
        Untouched,
        /// The room is in use, and after it what was asked for, which ends here.
        Grown(Option<NonNull<u8>>),
    }

    /// Asks for so many bytes more: the pages that there were before, and those that came to them.
    fn grown(bytes: usize) -> Option<(usize, usize)> {
        let pages = bytes.div_ceil(PAGE_BYTES);
        let before = memory_grow::<0>(pages);
        (before != usize::MAX).then_some((before, pages))
    }

    // SAFETY: nothing in it allocates.
    unsafe impl Source for Memory {
        fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
            let Self::Grown(end) = talc.source else {
                talc.source = Self::Grown(None);
                // SAFETY: this happens once, and nobody else knows of the room.
                unsafe { talc.claim((&raw mut ROOM).cast(), ROOM_BYTES) };
                return Ok(());
            };
            let needed = layout.size().saturating_add(layout.align()).saturating_add(BESIDE);
            let (before, pages) = grown(needed.max(ROOM_BYTES)).or_else(|| grown(needed)).ok_or(())?;
            let base = (before * PAGE_BYTES) as *mut u8;
            let size = pages * PAGE_BYTES;
            // SAFETY: the host has just given it to this module, and nobody else knows of it.
            talc.source = Self::Grown(unsafe {
                match end {
                    Some(end) if end.as_ptr() == base => Some(talc.extend(end, base.wrapping_add(size))),
                    _ => talc.claim(base, size),
                }
            });
            Ok(())
        }
    }
}
