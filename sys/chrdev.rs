// SPDX-License-Identifier: GPL-2.0

//! A misc character device whose files own things and can be mapped.
//!
//! The kernel crate's `MiscDevice` has no page faults, hence operations of our own.
//!
//! C: `struct miscdevice`, `struct file_operations`.

use super::{
    vma,
    CarvedRegion,
    Doorbell,
    Mapper, //
};
use core::marker::PhantomData;
use kernel::{
    bindings,
    error::{
        from_result,
        to_result, //
    },
    ffi::{
        c_int,
        c_long,
        c_uint,
        c_ulong, //
    },
    module::this_module,
    prelude::*,
    sync::Arc,
    types::Opaque, //
};

/// `FMODE_WRITE`, which is a cast in C and hence not in the bindings.
const FMODE_WRITE: bindings::fmode_t = 1 << 1;

/// Where a page of the device's offset space lies at the moment.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// The page itself.
    pub(crate) idx: u32,
    /// First page of the block that it belongs to.
    pub(crate) block_first: u32,
    /// log2 of the block's pages. The whole block is mapped in one piece around this page.
    pub(crate) block_order: u8,
}

/// A device. `pgoff` is an offset of its offset space in pages.
///
/// All functions are called from process context with no spinlock held, and may sleep unless they
/// say otherwise.
pub(crate) trait CharDevice: Send + Sync + 'static {
    /// What an open file is.
    type File: Send + Sync;

    /// `open(2)`.
    fn open(&self) -> Result<KBox<Self::File>>;

    /// The last descriptor and the last mapping of the file are gone.
    fn release(&self, file: KBox<Self::File>);

    /// `ioctl(2)`. Not restarted; the result is 0.
    fn ioctl(&self, file: &Self::File, writable: bool, cmd: u32, arg: usize) -> Result;

    /// `poll(2)`: what is the case now, as [`Ready`]. Called again after the bell was rung.
    fn poll(&self, file: &Self::File) -> u32;

    /// What is rung when the answer of [`Self::poll`] changes.
    fn bell<'a>(&'a self, file: &'a Self::File) -> &'a Doorbell;

    /// `mmap(2)` of `[pgoff, pgoff + nr)`. `Ok` counts one mapping. `mmap_lock` is held: no user
    /// copies, no [`super::LockedVm`].
    fn mmap(&self, file: &Self::File, pgoff: u64, nr: u64) -> Result;

    /// There is one mapping more, of this part: fork, a split, or a move. `mmap_lock` is held.
    fn map_open(&self, pgoff: u64, nr: u64);

    /// There is one mapping less, of this part. `mmap_lock` is held.
    fn map_close(&self, pgoff: u64, nr: u64);

    /// Where the page of this offset lies now; `None` is `SIGBUS`. The pages of the answer must be
    /// claimed in [`Self::region`]. [`Mapper::with_window`] of this window is kept out. `mmap_lock`
    /// is held: must not sleep, except on locks that are never held over a user copy.
    fn resolve(&self, file: &Self::File, pgoff: u64) -> Option<Place>;

    /// The pages.
    fn region(&self) -> &CarvedRegion;
}

/// What `poll(2)` tells, for a reader and for a writer (C: `EPOLLIN` and so on, which are casts).
pub(crate) struct Ready;

impl Ready {
    /// There is something to be read: `EPOLLIN | EPOLLRDNORM`.
    pub(crate) const IN: u32 = 0x41;
    /// Something urgent: `EPOLLPRI`.
    pub(crate) const PRI: u32 = 0x2;
    /// There is room: `EPOLLOUT | EPOLLWRNORM`.
    pub(crate) const OUT: u32 = 0x104;
}

/// An open file.
pub(super) struct OpenFile<D: CharDevice> {
    file: KBox<D::File>,
    device: Arc<D>,
    mapper: Arc<Mapper>,
}

impl<D: CharDevice> OpenFile<D> {
    /// # Safety
    ///
    /// `file` was opened by [`Operations<D>`] and is not released before the end of `'a`.
    pub(super) unsafe fn of<'a>(file: *mut bindings::file) -> &'a Self {
        // SAFETY: By the requirement of this function.
        let private = unsafe { (*file).private_data };
        // SAFETY: `open()` put a box there, which is only shared until `release()` takes it back.
        unsafe { &*private.cast::<Self>() }
    }

    pub(super) fn file(&self) -> &D::File {
        &self.file
    }

    pub(super) fn device(&self) -> &D {
        &self.device
    }

    pub(super) fn mapper(&self) -> &Mapper {
        &self.mapper
    }
}

/// The device under its name in `/dev`, until this is dropped. What is open then lives on, with the
/// device and the mapper.
pub(crate) struct Registration<D: CharDevice> {
    _inner: Pin<KBox<Inner<D>>>,
}

impl<D: CharDevice> Registration<D> {
    /// Makes `/dev/<name>`, mode 0600. Files can be opened before this returns, so let it be the
    /// last step of the module's init that can fail. Sleeps.
    ///
    /// The module cannot be unloaded while a file is open or mapped.
    pub(crate) fn new(name: &'static CStr, device: Arc<D>, mapper: Arc<Mapper>) -> Result<Self> {
        let inner = KBox::try_pin_init(Inner::new(name, device, mapper), GFP_KERNEL)?;
        Ok(Self { _inner: inner })
    }
}

/// # Invariants
///
/// `misc` is registered, and the first field: a pointer to it is one to the whole.
#[pin_data(PinnedDrop)]
#[repr(C)]
struct Inner<D: CharDevice> {
    #[pin]
    misc: Opaque<bindings::miscdevice>,
    device: Arc<D>,
    mapper: Arc<Mapper>,
}

// SAFETY: `misc_deregister()` may be called from any thread.
unsafe impl<D: CharDevice> Send for Inner<D> {}
// SAFETY: Only the two `Arc`s are used through a shared reference.
unsafe impl<D: CharDevice> Sync for Inner<D> {}

impl<D: CharDevice> Inner<D> {
    fn new(name: &'static CStr, device: Arc<D>, mapper: Arc<Mapper>) -> impl PinInit<Self, Error> {
        // The fields that `open()` needs come first, since it may run before `misc_register()`
        // returns.
        try_pin_init!(Self {
            device,
            mapper,
            // INVARIANT: Registered if this succeeds.
            misc <- Opaque::try_ffi_init(move |slot: *mut bindings::miscdevice| {
                let misc = bindings::miscdevice {
                    minor: bindings::MISC_DYNAMIC_MINOR as c_int,
                    name: name.as_char_ptr(),
                    fops: Operations::<D>::table(),
                    ..pin_init::zeroed()
                };
                // SAFETY: The slot is valid for writing.
                unsafe { slot.write(misc) };
                // SAFETY: Just filled in; pinned until it is deregistered in `drop()`.
                to_result(unsafe { bindings::misc_register(slot) })
            }),
        })
    }
}

#[pinned_drop]
impl<D: CharDevice> PinnedDrop for Inner<D> {
    fn drop(self: Pin<&mut Self>) {
        // Waits for `open()`s that are under way.
        // SAFETY: By the type invariants.
        unsafe { bindings::misc_deregister(self.misc.get()) };
    }
}

/// The operations of the device's files.
struct Operations<D: CharDevice>(PhantomData<D>);

impl<D: CharDevice> Operations<D> {
    // Without `llseek` files cannot seek (ESPIPE), without `read` and `write` those give EINVAL.
    // The owner keeps the module, and with it this table, as long as there is a file; a mapping
    // holds its file.
    const TABLE: bindings::file_operations = bindings::file_operations {
        owner: this_module::<crate::LocalModule>().as_ptr(),
        open: Some(Self::open),
        release: Some(Self::release),
        unlocked_ioctl: Some(Self::ioctl),
        #[cfg(CONFIG_COMPAT)]
        compat_ioctl: bindings::compat_ptr_ioctl,
        poll: Some(Self::poll),
        mmap: Some(vma::mmap::<D>),
        get_unmapped_area: vma::GET_UNMAPPED_AREA,
        ..pin_init::zeroed()
    };

    const fn table() -> &'static bindings::file_operations {
        &Self::TABLE
    }

    /// # Safety
    ///
    /// Called by `misc_open()` only.
    unsafe extern "C" fn open(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: `misc_open()` put the `struct miscdevice` there, which is the first field of an
        // `Inner`. It holds the lock that `misc_deregister()` takes.
        let inner = unsafe { &*(*file).private_data.cast::<Inner<D>>() };
        from_result(|| {
            let slot = KBox::<OpenFile<D>>::new_uninit(GFP_KERNEL)?;
            let open = slot.write(OpenFile {
                file: inner.device.open()?,
                device: inner.device.clone(),
                mapper: inner.mapper.clone(),
            });
            // SAFETY: A file that is being opened is ours.
            unsafe { (*file).f_mapping = open.mapper.mapping() };
            // SAFETY: As above.
            unsafe { (*file).private_data = KBox::into_raw(open).cast() };
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// Called by the VFS only, once, for a file that [`Self::open`] opened.
    unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: `open()` put a box there, which nobody uses any more.
        let open = unsafe { KBox::from_raw((*file).private_data.cast::<OpenFile<D>>()) };
        let OpenFile {
            file,
            device,
            mapper: _mapper,
        } = KBox::into_inner(open);
        device.release(file);
        0
    }

    /// # Safety
    ///
    /// Called by the VFS only, for a file that [`Self::open`] opened.
    unsafe extern "C" fn ioctl(file: *mut bindings::file, cmd: c_uint, arg: c_ulong) -> c_long {
        // SAFETY: The caller holds the file.
        let open = unsafe { OpenFile::<D>::of(file) };
        // SAFETY: As above; the mode does not change after `open()`.
        let writable = unsafe { (*file).f_mode } & FMODE_WRITE != 0;
        match open.device.ioctl(&open.file, writable, cmd, arg) {
            Ok(()) => 0,
            Err(err) => err.to_errno() as c_long,
        }
    }
    /// # Safety
    ///
    /// Called by the VFS only, for a file that [`Self::open`] opened.
    unsafe extern "C" fn poll(
        file: *mut bindings::file,
        table: *mut bindings::poll_table_struct,
    ) -> bindings::__poll_t {
        // SAFETY: The caller holds the file.
        let open = unsafe { OpenFile::<D>::of(file) };
        let bell = open.device.bell(&open.file);
        // SAFETY: By the requirement of this function; the open file keeps what is in it, and the
        // device.
        unsafe { bell.poll_wait(file, table) };
        open.device.poll(&open.file)
    }
}
