# SPDX-License-Identifier: MIT
"""Packages for Windows Installer: what their tables say, how they are made for tests, and a Wine prefix that takes them."""
import os
import re
import shutil
import subprocess

from . import build
from .wine import windows_path

_HERE = os.path.dirname(os.path.abspath(__file__))
_TREE = os.path.dirname(os.path.dirname(os.path.dirname(_HERE)))
_BUILDER = os.path.join(_TREE, "packaging", "msi", "build")

PROGRAM = os.path.abspath(os.environ.get("HYPERVIVE_EXE", build.PROGRAM))
PACKAGE = os.path.abspath(os.environ.get("HYPERVIVE_MSI", os.path.join(build.BUILD, "SetupHyperVive.msi")))

OUR_UPGRADE_CODE = "{98617BEE-76FC-4624-B365-1EA96FF0CE4A}"
ORIGINAL_UPGRADE_CODE = "{4C4E2ABC-D609-47E3-98D9-FF506E8ADF57}"

FAILED = 1603 & 0xFF  # ERROR_INSTALL_FAILURE, of which Unix keeps one byte

# HyperVive 3 as far as it matters for being replaced: x86, its codes, version, folder, service and event source.
_ORIGINAL = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="A7CDE5E1-2FEE-43D0-B366-849ADC03DF53" Name="HyperVive" Version="{version}" Language="1033"
           Manufacturer="Eric Siron" UpgradeCode="4C4E2ABC-D609-47E3-98D9-FF506E8ADF57">
    <Package InstallerVersion="301" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="original.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFilesFolder">
        <Directory Id="INSTALLFOLDER" Name="HyperVive">
          <Component Id="Program" Guid="0C1F2B04-5D0B-4B8B-9C60-0E1B2B9C1A01">
            <File Id="HyperVive.exe" Source="HyperVive.exe" KeyPath="yes"/>
            <ServiceInstall Id="HyperVive" Name="HyperVive" DisplayName="HyperVive" Type="ownProcess"
                            Start="auto" ErrorControl="normal" Vital="yes"/>
            <ServiceControl Id="HyperVive" Name="HyperVive" Stop="both" Remove="uninstall" Wait="no"/>
            <RegistryValue Root="HKLM" Key="SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\HyperVive"
                           Name="ParameterMessageFile" Type="string" Value="[INSTALLFOLDER]HyperViveServiceMessages.dll"/>
          </Component>
        </Directory>
      </Directory>
    </Directory>
    <Feature Id="Complete" Level="1"><ComponentRef Id="Program"/></Feature>
  </Product>
</Wix>
"""


def why_not():
    """None when packages can be made and read here, else the reason as a sentence."""
    for program in ("wixl", "msibuild", "msiinfo", "msiextract"):
        if not shutil.which(program):
            return f"there is no {program}: run scripts/install-dependencies test"
    return None


def _run(*command, **options):
    return subprocess.run(command, check=True, text=True, capture_output=True, **options).stdout


def table(package, name):
    """The rows of a table, each {column: text}."""
    rows = [line.rstrip("\r").split("\t") for line in _run("msiinfo", "export", package, name).split("\n") if line.rstrip("\r")]
    return [dict(zip(rows[0], row)) for row in rows[3:]]


def properties(package):
    return {row["Property"]: row["Value"] for row in table(package, "Property")}


def summary(package):
    """The summary: {number: text}; 7 is the template, 9 the package's code."""
    return {int(row["PropertyId"]): row["Value"] for row in table(package, "_SummaryInformation")}


def make(output, version, program, *options, env=None, check=True):
    """packaging/msi/build, with the licence and the README of the tree."""
    return subprocess.run(
        [_BUILDER, "--version", version, "--output", output, *options, program,
         os.path.join(_TREE, "LICENSE"), os.path.join(_TREE, "README.md")],
        check=check, text=True, capture_output=True, env={**os.environ, **(env or {})})


def make_original(folder, program, version="3.0.0.0"):
    """Something that is installed, upgraded and removed as HyperVive 3 is; its path."""
    shutil.copyfile(program, os.path.join(folder, "HyperVive.exe"))
    source = os.path.join(folder, "original.wxs")
    with open(source, "w", encoding="ascii") as file:
        file.write(_ORIGINAL.format(version=version))
    package = os.path.join(folder, f"original-{version}.msi")
    _run("wixl", "--arch", "x86", "-o", package, source, cwd=folder)
    return package


def make_stand_in(folder):
    """msi_stand_in.c, compiled; its path."""
    program = os.path.join(folder, "stand-in.exe")
    _run("x86_64-w64-mingw32-gcc-posix", "-std=gnu17", "-D_WIN32_WINNT=0x0A00", "-DUNICODE", "-D_UNICODE", "-O1", "-s",
         "-static", "-Wall", "-Wextra", "-Werror", "-o", program, os.path.join(os.path.dirname(_HERE), "msi_stand_in.c"))
    return program


class Target:
    """A Wine prefix as Windows Installer sees it: packages come and go, files, the registry and the service tell."""

    SERVICE_KEY = "SYSTEM\\CurrentControlSet\\Services\\HyperVive"
    SOURCE_KEY = "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\HyperVive"
    CHOICE_KEY = "SOFTWARE\\HyperVive"
    _ENVIRONMENT_KEY = "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment"

    def __init__(self, wine):
        self.wine = wine
        self.claim_to_be("win10")  # Debian's Wine says that it is Windows 7

    def claim_to_be(self, version):
        self.wine.run("reg", "add", "HKCU\\Software\\Wine", "/v", "Version", "/d", version, "/f")

    def path(self, name):
        """Of a file on drive C:, as Unix has it."""
        return os.path.join(self.wine.prefix, "drive_c", *name.split("\\"))

    # Packages

    def msiexec(self, *arguments):
        """The low byte of msiexec's exit code."""
        return self.wine.run("msiexec", *arguments, "/qn", check=False, timeout=120).returncode

    def install(self, package, *choices):
        return self.msiexec("/i", windows_path(package), *choices)

    def remove(self, package, *choices):
        return self.msiexec("/x", windows_path(package), *choices)

    def products(self):
        """What "Apps" lists: {product code: {value: text}}."""
        key = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
        listed = self.wine.run("reg", "query", f"HKLM\\{key}", check=False).stdout
        codes = re.findall(r"\\Uninstall\\(\{[-0-9A-F]{36}\})", listed)
        return {code: {name: text for name, (_, text) in self.wine.reg_query(f"{key}\\{code}").items()} for code in codes}

    # What stands there

    def files(self, folder="Program Files\\HyperVive"):
        path = self.path(folder)
        return sorted(os.listdir(path)) if os.path.isdir(path) else None

    def service(self):
        """The values of the service's key; None without a service."""
        if self.wine.run("sc", "query", "HyperVive", check=False).returncode != 0:
            return None
        return self.wine.reg_query(self.SERVICE_KEY)

    def service_state(self):
        found = re.search(r"STATE +: \d+ +(\w+)", self.wine.run("sc", "query", "HyperVive", check=False).stdout)
        return found and found.group(1)

    def folders_of_path(self):
        """The machine's PATH. Wine leaves an empty entry where it has taken one out."""
        _, text = self.wine.reg_query(self._ENVIRONMENT_KEY)["PATH"]
        return [folder for folder in text.split(";") if folder]

    def calls(self):
        """How the stand-in has been called since this was asked last."""
        try:
            with open(self.path("calls.txt"), encoding="ascii") as file:
                lines = file.read().splitlines()
            os.remove(self.path("calls.txt"))
        except FileNotFoundError:
            return []
        return lines

    def clean(self):
        """Removes every product that is left, and the stand-in's traces."""
        for code in self.products():
            self.msiexec("/x", code)
        for name in os.listdir(self.path("")):
            if name == "calls.txt" or name.startswith("fail-"):
                os.remove(self.path(name))

    def registry(self):
        """HKLM as {(key, value): data}, of the parts that packages write to."""
        known = {}
        for part in ("SOFTWARE", "SYSTEM\\CurrentControlSet"):
            file = os.path.join(self.wine.lab.dir, "export.reg")
            self.wine.run("reg", "export", f"HKLM\\{part}", windows_path(file), "/y", timeout=120)
            key = None
            with open(file, encoding="utf-16") as text:
                for line in text.read().replace("\\\n", "").splitlines():
                    if line.startswith("["):
                        key = line[1:-1]
                        known[key, None] = ""
                    elif line.startswith(("\"", "@")):
                        name, _, data = line.partition("=")
                        known[key, name] = data
        return known
