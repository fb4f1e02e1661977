//! Environments: one pinned set of packages per client, all below the target folder.
//!
//! An environment is made anew when a file that pins it has changed; programs that need a
//! compiler are compiled on every run, which their tools make quick.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::client::{Client, Kind, Tool};
use crate::error::{self, InteropError, io_error};
use crate::process;

/// A command line that runs a client's program; scenario ids are added to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    /// Program and arguments.
    pub(crate) line: Vec<OsString>,
    /// Variables on top of the runner's own.
    pub(crate) env: Vec<(&'static str, OsString)>,
}

/// Makes a client's environment below `work` and says how to run its program.
///
/// # Errors
/// A missing tool, with the command that installs it; a package that cannot be installed; a
/// program that does not compile.
pub(crate) fn prepare(client: &Client, work: &Path) -> Result<Program, InteropError> {
    for tool in default_tools(client.kind) {
        need(&[tool.0.to_owned(), tool.1.to_owned()], tool.2)?;
    }
    for tool in &client.tools {
        need(&tool.check, &tool.install)?;
    }
    let place = Place {
        client,
        home: work.join(&client.name),
        work: work.to_owned(),
    };
    error::create_dir(&place.home)?;
    match client.kind {
        Kind::Python => place.python(),
        Kind::Node => place.node(),
        Kind::Java => place.java(),
        Kind::Go => place.go(),
        Kind::Rust => place.rust(),
        Kind::System => place.system(),
    }
}

/// Program, argument that makes it answer, command that installs it.
fn default_tools(kind: Kind) -> &'static [(&'static str, &'static str, &'static str)] {
    match kind {
        Kind::Python => &[(
            "python3",
            "--version",
            "apt-get install python3 python3-venv",
        )],
        Kind::Node => &[("npm", "--version", "apt-get install nodejs npm")],
        Kind::Java => &[
            ("javac", "--version", "apt-get install default-jdk-headless"),
            ("mvn", "--version", "apt-get install maven"),
        ],
        Kind::Go => &[("go", "version", "apt-get install golang-go")],
        Kind::Rust => &[(
            "cargo",
            "--version",
            "apt-get install rustup && rustup default stable",
        )],
        Kind::System => &[],
    }
}

/// Fails unless the command line `check` succeeds; `install` is what the error tells to do.
pub(crate) fn need(check: &[String], install: &str) -> Result<(), InteropError> {
    match process::output(check) {
        Some(_) => Ok(()),
        None => Err(InteropError::MissingTool {
            tool: check.join(" "),
            install: install.to_owned(),
        }),
    }
}

/// What a folder's own script makes once, below the target folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scripted<'a> {
    /// The folder with the script's description and the files that it uses.
    pub(crate) folder: &'a Path,
    /// The script.
    pub(crate) prepare: &'a str,
    /// Programs of the system that it needs.
    pub(crate) tools: &'a [Tool],
}

impl Scripted<'_> {
    /// Makes `home/work` unless it is there already, made by the same script from the same files.
    ///
    /// # Errors
    /// A missing tool; a script that fails, with what it said last.
    pub(crate) fn prepare(&self, home: &Path) -> Result<PathBuf, InteropError> {
        for tool in self.tools {
            need(&tool.check, &tool.install)?;
        }
        let mut hasher = DefaultHasher::new();
        self.prepare.hash(&mut hasher);
        for file in error::entries(self.folder)? {
            let name = file.file_name().unwrap_or_default();
            let is_description = NOT_PREPARED.iter().any(|file| name == *file);
            if file.is_file() && !is_description {
                error::read(&file)?.hash(&mut hasher);
            }
        }
        let stamp = format!("{:016x}", hasher.finish());
        let (place, path) = (home.join("work"), home.join("stamp"));
        if path.is_file() && error::read(&path)? == stamp {
            return Ok(place);
        }
        if place.exists() {
            fs::remove_dir_all(&place).map_err(io_error("remove", place.display()))?;
        }
        error::create_dir(&place)?;
        let mut command = Command::new("bash");
        self.script(&mut command, self.prepare, &place);
        let log = home.join("prepare.log");
        process::run(&mut command, &log).map_err(|_| self.no_result("prepare", &log))?;
        error::write(&path, &stamp)?;
        Ok(place)
    }

    /// The error of a script that did not do its work; the script itself is too long to tell.
    pub(crate) fn no_result(&self, script: &str, log: &Path) -> InteropError {
        let name = self.folder.file_name().unwrap_or_default();
        InteropError::Command {
            command: format!("{script} of {}", name.display()),
            output: process::last_lines(log, 4),
        }
    }

    /// Makes a command run a script in `place`; it finds the folder in `SUITE`.
    pub(crate) fn script(&self, command: &mut Command, script: &str, place: &Path) {
        command
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(place)
            .env("SUITE", self.folder)
            .env("PYTHONDONTWRITEBYTECODE", "1");
    }
}

/// Files beside a script that change nothing of what it makes.
const NOT_PREPARED: [&str; 3] = ["baseline.txt", "suite.toml", "case.toml"];

/// Where a client's environment is made.
struct Place<'a> {
    client: &'a Client,
    home: PathBuf,
    work: PathBuf,
}

impl Place<'_> {
    fn python(&self) -> Result<Program, InteropError> {
        let venv = self.home.join("venv");
        let python = venv.join("bin").join("python");
        let requirements = self.client.folder.join("requirements.txt");
        self.once(&[&requirements], || {
            self.run(
                Command::new("python3")
                    .args(["-m", "venv", "--clear"])
                    .arg(&venv),
            )?;
            let mut pip = Command::new(&python);
            pip.args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--requirement",
            ]);
            self.run(pip.arg(&requirements))
        })?;
        let program = self.client.folder.join("client.py");
        Ok(Program {
            line: vec![python.into(), "-u".into(), program.into()],
            env: vec![
                ("PYTHONPATH", self.shared("python").into()),
                ("PYTHONDONTWRITEBYTECODE", "1".into()),
            ],
        })
    }

    fn node(&self) -> Result<Program, InteropError> {
        let manifest = self.client.folder.join("package.json");
        let lock = self.client.folder.join("package-lock.json");
        self.once(&[&manifest, &lock], || {
            for file in [&manifest, &lock] {
                let copy = self.home.join(file.file_name().unwrap_or_default());
                error::write(&copy, &error::read(file)?)?;
            }
            let mut npm = Command::new("npm");
            npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
            self.run(npm.current_dir(&self.home))
        })?;
        let mut modules = self.home.join("node_modules").into_os_string();
        modules.push(":");
        modules.push(self.shared("node"));
        Ok(Program {
            line: vec!["node".into(), self.client.folder.join("client.js").into()],
            env: vec![("NODE_PATH", modules)],
        })
    }

    fn java(&self) -> Result<Program, InteropError> {
        let pom = self.client.folder.join("pom.xml");
        let path_file = self.home.join("classpath");
        self.once(&[&pom], || {
            let mut output = OsString::from("-Dmdep.outputFile=");
            output.push(&path_file);
            let mut mvn = Command::new("mvn");
            mvn.args(["--quiet", "--batch-mode", "dependency:build-classpath"])
                .arg(output);
            self.run(mvn.arg("--file").arg(&pom))
        })?;
        let classes = self.home.join("classes");
        let mut class_path = classes.clone().into_os_string();
        class_path.push(":");
        class_path.push(error::read(&path_file)?.trim());
        let mut javac = Command::new("javac");
        javac.arg("-cp").arg(&class_path).arg("-d").arg(&classes);
        for folder in [self.client.folder.clone(), self.shared("java")] {
            let files = error::entries(&folder)?;
            javac.args(
                files
                    .iter()
                    .filter(|file| file.extension().is_some_and(|e| e == "java")),
            );
        }
        self.run(&mut javac)?;
        let options = [
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
        ];
        let mut line: Vec<OsString> = vec!["java".into()];
        line.extend(options.map(OsString::from));
        line.extend([class_path, "Client".into()]);
        Ok(Program {
            line,
            env: Vec::new(),
        })
    }

    fn go(&self) -> Result<Program, InteropError> {
        let binary = self.home.join("client");
        let mut go = Command::new("go");
        go.args(["build", "-mod=readonly", "-o"])
            .arg(&binary)
            .arg(".");
        self.run(go.current_dir(&self.client.folder).env("GOFLAGS", ""))?;
        Ok(Program {
            line: vec![binary.into()],
            env: Vec::new(),
        })
    }

    fn rust(&self) -> Result<Program, InteropError> {
        let target = self.work.join("rust");
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--locked", "--manifest-path"]);
        cargo
            .arg(self.client.folder.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target);
        self.run(&mut cargo)?;
        let binary = target.join("debug").join(&self.client.name);
        Ok(Program {
            line: vec![binary.into()],
            env: Vec::new(),
        })
    }

    fn system(&self) -> Result<Program, InteropError> {
        let folder = self.client.folder.display().to_string();
        let home = self.home.display().to_string();
        let filled = |part: &String| -> OsString {
            let part = part.replace("{folder}", &folder);
            part.replace("{home}", &home).into()
        };
        let mut prepare = self.client.prepare.iter().map(filled);
        if let Some(program) = prepare.next() {
            let mut command = Command::new(program);
            command.args(prepare).current_dir(&self.client.folder);
            self.run(&mut command)?;
        }
        Ok(Program {
            line: self.client.run.iter().map(filled).collect(),
            env: Vec::new(),
        })
    }

    /// The folder of what all clients of a language share.
    fn shared(&self, language: &str) -> PathBuf {
        self.client.folder.with_file_name("shared").join(language)
    }

    fn run(&self, command: &mut Command) -> Result<(), InteropError> {
        process::run(command, &self.home.join("prepare.log"))
    }

    /// Calls `make` unless it has succeeded before with the same content of `files`.
    fn once(
        &self,
        files: &[&Path],
        make: impl FnOnce() -> Result<(), InteropError>,
    ) -> Result<(), InteropError> {
        let mut hasher = DefaultHasher::new();
        for file in files {
            error::read(file)?.hash(&mut hasher);
        }
        let stamp = format!("{:016x}", hasher.finish());
        let path = self.home.join("stamp");
        if path.is_file() && error::read(&path)? == stamp {
            return Ok(());
        }
        make()?;
        error::write(&path, &stamp)
    }
}
