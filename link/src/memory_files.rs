//! The files of libwild, in memory.
//!
//! Promise: `go.o` and the library are read from the memory they are in, under names of their own,
//! and the executable is written into memory. So no file of the system can be in the way: none is
//! full, none has a name that cannot be said in UTF-8, none changes between our reading and
//! libwild's.

use crate::host::HostFile;
use libwild::error::Result;
use libwild::{FileSystem, FileType, InputFileData, OutputFileData, OutputOptions};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Name of the object that holds everything compiled from Go.
pub const GO_O: &str = "/go.o";
/// Name of the runtime library.
pub const LIBRARY: &str = "/libgort.a";

/// Name of the n-th object of a C compiler.
pub fn c_object(n: usize) -> String {
    format!("/{n:06}.o")
}

/// The inputs and the output.
#[derive(Debug, Default)]
pub struct MemoryFiles {
    inputs: Vec<(String, Input)>,
    made: Made,
}

/// The executable, when it is made.
#[derive(Debug, Clone, Default)]
pub struct Made(Arc<Mutex<Option<Vec<u8>>>>);

impl Made {
    /// Its bytes; none if there is none.
    pub fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// An input of the final link.
#[derive(Debug, Clone)]
pub enum Input {
    /// `go.o`, an object of a C compiler, or another file that is made.
    Object(Arc<Vec<u8>>),
    /// The library.
    Library(Arc<HostFile>),
}

impl InputFileData for Input {
    fn bytes(&self) -> &[u8] {
        match self {
            Input::Object(bytes) => bytes,
            Input::Library(file) => file.bytes(),
        }
    }
}

/// The executable while it is written.
#[derive(Debug)]
pub struct Output {
    bytes: Vec<u8>,
    made: Made,
}

impl OutputFileData for Output {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn finish(self) -> Result {
        *self.made.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.bytes);
        Ok(())
    }
}

impl MemoryFiles {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object, or something else that is made for this link alone.
    pub fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        let input = Input::Object(Arc::new(bytes));
        self.inputs.push((name.into(), input));
    }

    /// Adds the library.
    pub fn add_library(&mut self, library: HostFile) {
        let input = Input::Library(Arc::new(library));
        self.inputs.push((LIBRARY.to_string(), input));
    }

    /// Where the executable will be.
    pub fn output(&self) -> Made {
        self.made.clone()
    }

    fn find(&self, path: &Path) -> io::Result<&Input> {
        let mut inputs = self.inputs.iter();
        let found = inputs.find(|(name, _)| path.to_str() == Some(name));
        found
            .map(|(_, input)| input)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl FileSystem for MemoryFiles {
    type Input = Input;
    type Output = Output;

    fn open_input(&self, path: &Path, _prepopulate: bool) -> Result<(Input, Option<Arc<File>>)> {
        Ok((self.find(path)?.clone(), None))
    }

    fn file_type(&self, path: &Path) -> Result<FileType> {
        self.find(path)?;
        Ok(FileType::File)
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf> {
        Ok(path.to_path_buf())
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        self.find(path)?;
        Err(io::Error::from(io::ErrorKind::PermissionDenied).into())
    }

    fn rename_file(&self, path: &Path, _to: &Path) -> Result<()> {
        self.remove_file(path)
    }

    fn create_output(&self, _path: Arc<Path>, options: OutputOptions) -> Result<Output> {
        let mut bytes = Vec::new();
        let size = usize::try_from(options.size).unwrap_or(usize::MAX);
        if bytes.try_reserve_exact(size).is_err() {
            return Err(io::Error::from(io::ErrorKind::OutOfMemory).into());
        }
        bytes.resize(size, 0);
        Ok(Output {
            bytes,
            made: self.made.clone(),
        })
    }

    fn write_auxiliary(&self, _path: &Path, _bytes: &[u8]) -> Result {
        Err(io::Error::from(io::ErrorKind::Unsupported).into())
    }
}
