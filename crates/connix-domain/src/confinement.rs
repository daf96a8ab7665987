//! How the programs of tools are confined where they run (contract section 8, `runtime.sandbox`).

use crate::phases;

phases! {
    /// What the operator asks for.
    pub enum ConfinementMode {
        /// Fully, or tools that need it are refused.
        Strict = "strict",
        /// Not at all.
        None = "none",
    }
}

phases! {
    /// How all processes of a program are made to end with it.
    pub enum Containment {
        /// In a PID namespace of their own.
        Namespace = "namespace",
        /// By a process that inherits them and kills until none is left.
        Sweep = "sweep",
    }
}

/// What was found by trying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confinement {
    /// What is asked for.
    pub mode: ConfinementMode,
    /// How processes are held together; or, in words, why programs cannot be run as it is asked for.
    pub containment: Result<Containment, String>,
}
