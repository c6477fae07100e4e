// SPDX-License-Identifier: GPL-2.0

//! Text files in debugfs, each a snapshot taken when it is opened. Some take a text too.
//!
//! The kernel crate's `debugfs` leaves the owner of its file operations empty: closing a file after
//! the module is gone runs into freed memory. With an owner, the module cannot be unloaded while a
//! file is open. What is behind a file stays as long as the file is there: the kernel's own
//! functions around ours keep `debugfs_remove()` waiting while one of them runs.
//!
//! C: `debugfs_create_file_full()`, `simple_read_from_buffer()`, `debugfs_file_get()`.

use core::{
    marker::PhantomData,
    ptr::{
        null,
        null_mut, //
    }, //
};
use kernel::{
    bindings,
    error::{
        from_err_ptr,
        from_result, //
    },
    ffi::{
        c_char,
        c_int, //
    },
    module::this_module,
    prelude::*,
    sync::Arc,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

/// What a file shows.
pub(crate) trait Show: Send + Sync + 'static {
    /// Writes the whole text, once for each `open(2)`. May sleep; `out` may not be written to under
    /// a spinlock, because it grows.
    fn show(&self, out: &mut Text) -> Result;
}

/// What a file takes.
pub(crate) trait Store: Send + Sync + 'static {
    /// Takes what one `write(2)` brought, at most [`MAX_STORE`] bytes. May sleep.
    ///
    /// # Errors
    ///
    /// The writer gets them.
    fn store(&self, text: &[u8]) -> Result;
}

/// Longest text that is taken.
pub(crate) const MAX_STORE: usize = 128;

/// A text that grows as it is written.
pub(crate) struct Text {
    bytes: KVVec<u8>,
    len: usize,
}

impl Text {
    /// No text yet.
    pub(crate) fn new() -> Self {
        Self {
            bytes: KVVec::new(),
            len: 0,
        }
    }

    /// Appends `bytes` as they are. `ENOMEM`; sleeps.
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> Result {
        let end = self.len.checked_add(bytes.len()).ok_or(ENOMEM)?;
        if end > self.bytes.len() {
            self.grow(end)?;
        }
        let free = self.bytes.get_mut(self.len..end).ok_or(ENOMEM)?;
        free.iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = *from);
        self.len = end;
        Ok(())
    }

    fn grow(&mut self, needed: usize) -> Result {
        let size = needed.max(self.bytes.len().wrapping_mul(2)).max(4096);
        let mut bytes = KVVec::zeroed(size, GFP_KERNEL | __GFP_NOWARN)?;
        bytes
            .iter_mut()
            .zip(self.bytes.iter())
            .for_each(|(to, from)| *to = *from);
        self.bytes = bytes;
        Ok(())
    }

    /// What was written.
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}

impl core::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.write_bytes(text.as_bytes())
            .map_err(|_| core::fmt::Error)
    }
}

/// A folder at the top of debugfs.
///
/// # Invariants
///
/// `dentry` is the folder, or an error pointer if debugfs is switched off. Only files of this
/// folder refer to `shown`.
pub(crate) struct Dir {
    dentry: *mut bindings::dentry,
    shown: Option<KBox<Shown>>,
}

/// Keeps what the files show; a list.
struct Shown {
    _data: Arc<dyn Keep>,
    next: Option<KBox<Shown>>,
}

/// Anything.
trait Keep: Send + Sync {}
impl<T: Send + Sync> Keep for T {}

// SAFETY: A dentry belongs to no thread.
unsafe impl Send for Dir {}
// SAFETY: Nothing is done through a shared reference.
unsafe impl Sync for Dir {}

impl Dir {
    /// Makes the folder. Sleeps. Where debugfs is switched off this and everything below succeeds
    /// and does nothing.
    ///
    /// # Errors
    ///
    /// `EEXIST` if it is there already.
    pub(crate) fn new(name: &'static CStr) -> Result<Self> {
        // SAFETY: The name is copied; NULL is the top.
        let dentry = unsafe { bindings::debugfs_create_dir(name.as_char_ptr(), null_mut()) };
        unless_off(dentry)?;
        // INVARIANT: The folder, or the error that says that debugfs is off.
        Ok(Self {
            dentry,
            shown: None,
        })
    }

    /// Adds a file that shows `data`. Sleeps.
    pub(crate) fn file<T: Show>(&mut self, name: &'static CStr, mode: u16, data: Arc<T>) -> Result {
        self.top().file(name, mode, data)
    }

    /// Adds a file that takes what is written to it. Sleeps.
    pub(crate) fn trigger<T: Store>(
        &mut self,
        name: &'static CStr,
        mode: u16,
        data: Arc<T>,
    ) -> Result {
        self.top().add(name, mode, data, Operations::<T>::taking())
    }

    /// Makes a folder in this one. It goes with it. Sleeps.
    pub(crate) fn folder(&mut self, name: &'static CStr) -> Result<Folder<'_>> {
        // SAFETY: The name is copied; the parent is the folder or an error, which comes back.
        let dentry = unsafe { bindings::debugfs_create_dir(name.as_char_ptr(), self.dentry) };
        unless_off(dentry)?;
        // INVARIANT: A folder in this one, or the error that says that debugfs is off.
        Ok(Folder { dir: self, dentry })
    }

    fn top(&mut self) -> Folder<'_> {
        let dentry = self.dentry;
        // INVARIANT: The folder itself.
        Folder { dir: self, dentry }
    }
}

/// Where files can be added.
///
/// # Invariants
///
/// `dentry` is that of `dir`, or of a folder in it, or an error pointer if debugfs is switched off.
pub(crate) struct Folder<'a> {
    dir: &'a mut Dir,
    dentry: *mut bindings::dentry,
}

impl Folder<'_> {
    /// Adds a file that shows `data`. Sleeps.
    pub(crate) fn file<T: Show>(&mut self, name: &'static CStr, mode: u16, data: Arc<T>) -> Result {
        self.add(name, mode, data, Operations::<T>::showing())
    }

    /// Adds a file that shows `data` and takes what is written to it. Sleeps.
    pub(crate) fn setting<T: Show + Store>(
        &mut self,
        name: &'static CStr,
        mode: u16,
        data: Arc<T>,
    ) -> Result {
        self.add(name, mode, data, Operations::<T>::both())
    }

    /// `operations` are those of a `T`.
    fn add<T: Send + Sync + 'static>(
        &mut self,
        name: &'static CStr,
        mode: u16,
        data: Arc<T>,
        operations: OperationsOf<T>,
    ) -> Result {
        let shown = Arc::as_ptr(&data).cast_mut();
        // Kept before there is a file, and until after there is none.
        let mut keep = KBox::new(
            Shown {
                _data: data,
                next: None,
            },
            GFP_KERNEL,
        )?;
        keep.next = self.dir.shown.take();
        self.dir.shown = Some(keep);

        // SAFETY: The name is copied, the table is static and made for a `T`, and the data is kept
        // until `drop()` of the folder has removed the file, which waits for calls that are under
        // way. Nothing else uses it.
        unless_off(unsafe {
            bindings::debugfs_create_file_full(
                name.as_char_ptr(),
                mode,
                self.dentry,
                shown.cast(),
                null(),
                operations.table,
            )
        })
    }
}

impl Drop for Dir {
    /// Removes folder and files; what is open can still be read. Sleeps.
    fn drop(&mut self) {
        // SAFETY: By the type invariants; an error pointer is let pass.
        unsafe { bindings::debugfs_remove(self.dentry) };
    }
}

/// The error in `dentry`, if it is another one than that debugfs is switched off.
fn unless_off(dentry: *mut bindings::dentry) -> Result {
    match from_err_ptr(dentry) {
        Err(err) if err != EPERM => Err(err),
        _ => Ok(()),
    }
}

/// A table of operations.
///
/// # Invariants
///
/// It is for files that have a `T`.
struct OperationsOf<T> {
    table: &'static bindings::file_operations,
    _type: PhantomData<T>,
}

/// The operations of a file that has a `T`.
struct Operations<T>(PhantomData<T>);

impl<T: Send + Sync + 'static> Operations<T> {
    const fn of(table: &'static bindings::file_operations) -> OperationsOf<T> {
        // INVARIANT: The callers are in this file, with their own tables.
        OperationsOf {
            table,
            _type: PhantomData,
        }
    }
}

impl<T: Show> Operations<T> {
    const SHOWING: bindings::file_operations = bindings::file_operations {
        owner: this_module::<crate::LocalModule>().as_ptr(),
        open: Some(Self::open),
        read: Some(read),
        llseek: Some(llseek),
        release: Some(release),
        ..pin_init::zeroed()
    };

    const fn showing() -> OperationsOf<T> {
        Self::of(&Self::SHOWING)
    }

    /// # Safety
    ///
    /// Called by debugfs only, for a file of [`Folder::add`].
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The inode has what `add()` gave it, which is kept while this runs.
        let shown = unsafe { &*(*inode).i_private.cast::<T>() };
        from_result(|| {
            let mut text = KBox::new(Text::new(), GFP_KERNEL)?;
            shown.show(&mut text)?;
            // SAFETY: A file that is being opened is ours.
            unsafe { (*file).private_data = KBox::into_raw(text).cast() };
            Ok(0)
        })
    }
}

impl<T: Store> Operations<T> {
    const TAKING: bindings::file_operations = bindings::file_operations {
        owner: this_module::<crate::LocalModule>().as_ptr(),
        write: Some(Self::write),
        ..pin_init::zeroed()
    };

    const fn taking() -> OperationsOf<T> {
        Self::of(&Self::TAKING)
    }

    /// A whole text or nothing: `EINVAL` for an empty or a longer one, and for one that is not
    /// written from the start.
    ///
    /// # Safety
    ///
    /// Called by debugfs only, for a file of [`Folder::add`].
    unsafe extern "C" fn write(
        file: *mut bindings::file,
        from: *const c_char,
        count: usize,
        offset: *mut bindings::loff_t,
    ) -> isize {
        // SAFETY: The caller holds the file, and its inode with it.
        let inode = unsafe { (*file).f_inode };
        // SAFETY: The inode has what `add()` gave it, which is kept while this runs.
        let taker = unsafe { &*(*inode).i_private.cast::<T>() };
        // SAFETY: The caller's own, and only used by this call.
        let start = unsafe { *offset };
        from_result(|| {
            let mut bytes = [0; MAX_STORE];
            let text = bytes
                .get_mut(..count)
                .filter(|text| !text.is_empty() && start == 0)
                .ok_or(EINVAL)?;
            UserSlice::new(UserPtr::from_addr(from as usize), count)
                .reader()
                .read_slice(text)?;
            taker.store(text)?;
            Ok(count as isize)
        })
    }
}

impl<T: Show + Store> Operations<T> {
    const BOTH: bindings::file_operations = bindings::file_operations {
        write: Some(Self::write),
        ..Self::SHOWING
    };

    const fn both() -> OperationsOf<T> {
        Self::of(&Self::BOTH)
    }
}

/// The text of an open file.
///
/// # Safety
///
/// `file` was opened by [`Operations::open`] and is not released before the end of `'a`.
unsafe fn text_of<'a>(file: *mut bindings::file) -> &'a [u8] {
    // SAFETY: `open()` put a box there, which is only shared until `release()` takes it back.
    unsafe { &*(*file).private_data.cast::<Text>() }.as_slice()
}

/// # Safety
///
/// Called by debugfs only, for a file that [`Operations::open`] opened.
unsafe extern "C" fn read(
    file: *mut bindings::file,
    to: *mut c_char,
    count: usize,
    offset: *mut bindings::loff_t,
) -> isize {
    // SAFETY: The caller holds the file.
    let text = unsafe { text_of(file) };
    let from = text.as_ptr().cast();
    // SAFETY: The text is there; the rest is the caller's.
    unsafe { bindings::simple_read_from_buffer(to.cast(), count, offset, from, text.len()) }
}

/// # Safety
///
/// As for [`read`].
unsafe extern "C" fn llseek(
    file: *mut bindings::file,
    offset: bindings::loff_t,
    whence: c_int,
) -> bindings::loff_t {
    // SAFETY: The caller holds the file.
    let size = unsafe { text_of(file) }.len() as bindings::loff_t;
    // SAFETY: As above.
    unsafe { bindings::fixed_size_llseek(file, offset, whence, size) }
}

/// # Safety
///
/// Called once, as for [`read`].
unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
    // SAFETY: `open()` put a box there, which nobody uses any more.
    drop(unsafe { KBox::from_raw((*file).private_data.cast::<Text>()) });
    0
}
