// SPDX-License-Identifier: GPL-2.0

//! Why a command ends, and with which exit code.

#![deny(unsafe_code)]

use std::{
    io,
    process::ExitCode, //
};

use rust_buddy::Error;

/// The commands' result.
pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Every way to end that is not success.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Device(#[from] Error),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    #[error("{0}")]
    Usage(String),
    /// The command ran, and what it found is not well.
    #[error("{0}")]
    Failed(String),
    /// Something to be put right first, as `Device` would say it.
    #[error("{0}")]
    NotReady(String, u8),
    /// A signal asked it to end; the number is the exit code.
    #[error("interrupted")]
    Interrupted(u8),
}

impl Failure {
    /// The exit code: the list is in `rbctl --help`.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Device(error) => device_code(error),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 141,
            Self::Usage(_) => 2,
            Self::Output(_) | Self::Failed(_) => 1,
            Self::NotReady(_, code) | Self::Interrupted(code) => *code,
        }
    }

    /// Tells it in one line, where there is somebody to tell.
    pub(crate) fn report(&self) -> ExitCode {
        let code = self.code();
        if code != 141 && !matches!(self, Self::Interrupted(_)) {
            anstream::eprintln!("rbctl: {self}");
        }
        ExitCode::from(code)
    }
}

fn device_code(error: &Error) -> u8 {
    match error {
        Error::NoDevice(_) | Error::NoPermission(_) | Error::NoDescriptor(_) => 3,
        Error::NotOurs(_) | Error::Open { .. } => 3,
        Error::Version { .. } => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_exit_code() {
        let version = Error::Version {
            found: "2.0".into(),
        };
        assert_eq!(Failure::from(Error::NoDevice("x".into())).code(), 3);
        assert_eq!(Failure::from(Error::NoPermission("x".into())).code(), 3);
        assert_eq!(Failure::from(version).code(), 4);
        assert_eq!(Failure::Usage(String::new()).code(), 2);
        assert_eq!(Failure::Failed(String::new()).code(), 1);
        assert_eq!(
            Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).code(),
            141
        );
    }
}
