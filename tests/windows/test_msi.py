# SPDX-License-Identifier: MIT
"""SetupHyperVive.msi: what its tables say, and what it does when Wine's Windows Installer runs it.

Where it runs, a stand-in is in the place of hypervive.exe and records how it is called; the built package is
installed and removed once as a whole. What Wine does otherwise than Windows is said where it matters.
"""
import os
import re
import subprocess
import time

import pytest
from harness import lab
from harness.lab import wait_until
from winehost import msi
from winehost.wine import Wine

pytestmark = pytest.mark.skipif(msi.why_not() is not None, reason=str(msi.why_not()))

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = "C:\\Program Files\\HyperVive\\"
DEFERRED, ROLLBACK, IGNORED, AS_SYSTEM, OF_A_FILE = 1024, 256, 64, 2048, 18


@pytest.fixture(scope="module")
def package():
    """The package that the build made."""
    assert os.path.exists(msi.PACKAGE), f"{msi.PACKAGE} is not built; run make build-windows or name it in HYPERVIVE_MSI"
    return msi.PACKAGE


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    return msi.make_stand_in(str(tmp_path_factory.mktemp("stand-in")))


@pytest.fixture(scope="module")
def packages(tmp_path_factory, stand_in):
    """Versions of ours with the stand-in: {version: path}."""
    folder = tmp_path_factory.mktemp("packages")
    made = {version: str(folder / f"{version}.msi") for version in ("0.9.0", "1.0.0", "1.1.0")}
    for version, path in made.items():
        msi.make(path, version, stand_in)
    return made


@pytest.fixture(scope="module")
def original(tmp_path_factory, stand_in):
    return msi.make_original(str(tmp_path_factory.mktemp("original")), stand_in)


@pytest.fixture(scope="module")
def prefix():
    """A prefix of this file's own: packages change what is the whole machine's."""
    with lab.Lab("msi") as place:
        wine = Wine(place)
        yield msi.Target(wine)
        wine.close()


@pytest.fixture
def target(prefix):
    assert not prefix.products() and prefix.service() is None
    yield prefix
    prefix.clean()


def header(path):
    with open(os.path.join(TREE, path), encoding="utf-8") as file:
        return file.read()


def defined(name):
    """What names.h calls something."""
    found = re.search(rf"#define {name}\s+((?:\"[^\"]*\"|\s|\\\n)+)", header("src/service/windows/names.h"))
    return "".join(re.findall(r'"([^"]*)"', found.group(1)))


def order(package, sequence="InstallExecuteSequence"):
    return {row["Action"]: int(row["Sequence"]) for row in msi.table(package, sequence)}


def conditions(package):
    return {row["Action"]: row["Condition"] for row in msi.table(package, "InstallExecuteSequence")}


# What the tables say

def test_it_is_for_the_machine_and_for_64_bits(package):
    known = msi.properties(package)
    assert msi.summary(package)[7] == "x64;1033"
    assert known["ALLUSERS"] == "1" and known["ARPNOMODIFY"] == "1"
    assert (known["ProductName"], known["Manufacturer"]) == ("HyperVive", "The hypervive developers")
    assert all(int(row["Attributes"]) & 256 for row in msi.table(package, "Component")), "a component of 32 bits"
    folders = {row["Directory"]: row for row in msi.table(package, "Directory")}
    assert folders["InstallFolder"]["Directory_Parent"] == "ProgramFiles64Folder"
    assert folders["InstallFolder"]["DefaultDir"].endswith("|HyperVive")


def test_its_version_is_the_projects(package):
    version = re.search(r"version: '([^']+)'", header("meson.build")).group(1)
    assert msi.properties(package)["ProductVersion"] == version


def test_the_files_are_inside_and_whole(package, tmp_path):
    subprocess.run(["msiextract", "-C", str(tmp_path), package], check=True, capture_output=True)
    found = {file.name: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert sorted(found) == ["LICENSE.txt", "README.md", "hypervive.exe"]
    for name, source in (("hypervive.exe", msi.PROGRAM), ("LICENSE.txt", os.path.join(TREE, "LICENSE")),
                         ("README.md", os.path.join(TREE, "README.md"))):
        with open(source, "rb") as file:
            assert found[name] == file.read(), name
    assert [row["Cabinet"] for row in msi.table(package, "Media")] == ["#hypervive.cab"]
    assert all(re.fullmatch(r"([^|.]{1,8}(\.[^|.]{1,3})?)(\|.+)?", row["FileName"]) for row in msi.table(package, "File")), \
        "a long name without a short one"


def test_the_service_is_the_one_of_names_h(package):
    [service] = msi.table(package, "ServiceInstall")
    assert service["Name"] == defined("HYPERVIVE_NAME")
    assert service["DisplayName"] == defined("HYPERVIVE_DISPLAY_NAME")
    assert service["Description"] == defined("HYPERVIVE_DESCRIPTION")
    assert service["Arguments"] == defined("HYPERVIVE_ARGUMENTS")
    # A dependency on vmms, which not every host has, would keep the service from starting there.
    assert service["Dependencies"] == defined("HYPERVIVE_DEPENDENCY") + "[~][~]"
    assert (service["ServiceType"], service["StartType"], service["StartName"]) == ("16", "2", "")  # own process, automatic, LocalSystem
    [control] = msi.table(package, "ServiceControl")
    starts, stops, deletes = 0x1, 0x2 | 0x20, 0x80
    assert (control["Name"], int(control["Event"]), control["Wait"]) == (service["Name"], starts | stops | deletes, "1")


def test_the_event_source_names_the_program(package):
    source = msi.Target.SOURCE_KEY
    rows = {(row["Key"], row["Name"]): row for row in msi.table(package, "Registry")}
    assert all(row["Root"] == "2" and not key.endswith("\\") for (key, _), row in rows.items())
    categories = len(re.findall(r"^\tCATEGORY\(", header("src/event/catalogue.h"), re.MULTILINE))
    assert {name: row["Value"] for (key, name), row in rows.items() if key == source} == {
        "EventMessageFile": "#%[#hypervive.exe]", "CategoryMessageFile": "#%[#hypervive.exe]",
        "CategoryCount": f"#{categories}", "TypesSupported": "#7"}
    assert [name for key, name in rows if key == msi.Target.CHOICE_KEY] == ["FirewallRule"]
    assert len(rows) == 5


def test_path_is_the_machines_and_is_taken_out_again(package):
    [row] = msi.table(package, "Environment")
    assert (row["Name"], row["Value"]) == ("=-*PATH", "[~];[InstallFolder]")
    assert {"WriteEnvironmentStrings", "RemoveEnvironmentStrings"} <= set(order(package))


def test_what_is_replaced(package):
    version = msi.properties(package)["ProductVersion"]
    rows = {row["ActionProperty"]: (row["UpgradeCode"], row["VersionMin"], row["VersionMax"], int(row["Attributes"]))
            for row in msi.table(package, "Upgrade")}
    only_found, lower_counts, upper_counts = 2, 256, 512
    assert rows == {
        "OLDERFOUND": (msi.OUR_UPGRADE_CODE, "", version, upper_counts),
        "NEWERFOUND": (msi.OUR_UPGRADE_CODE, version, "", only_found),
        "ORIGINALFOUND": (msi.ORIGINAL_UPGRADE_CODE, "0.0.0", "", lower_counts)}
    assert msi.properties(package)["UpgradeCode"] == msi.OUR_UPGRADE_CODE
    # In a dialog these are found by the user's part, and must reach the part that installs.
    assert {*rows, "FIREWALL", "FIREWALLBEFORE", "DEBUGMODEBEFORE"} == set(msi.properties(package)["SecureCustomProperties"].split(";"))


def test_the_order(package):
    at = order(package)
    for earlier, later in (
            ("FindRelatedProducts", "LaunchConditions"), ("AppSearch", "KeepFirewallChoice"), ("KeepFirewallChoice", "ChooseFirewall"),
            ("ChooseFirewall", "LeaveFirewallOut"), ("CostFinalize", "TellFolder"), ("InstallValidate", "InstallInitialize"),
            ("InstallInitialize", "RemoveExistingProducts"), ("RemoveExistingProducts", "ProcessComponents"),
            ("StopServices", "DeleteServices"), ("DeleteServices", "UndoClear"), ("UndoClear", "Clear"), ("Clear", "RemoveFiles"),
            ("StopServices", "InstallFiles"), ("InstallFiles", "InstallServices"), ("InstallServices", "UndoConfigure"),
            ("UndoConfigure", "Configure"), ("Configure", "KeepDebugMode"), ("KeepDebugMode", "StartServices"),
            ("StartServices", "InstallFinalize")):
        assert at[earlier] < at[later], f"{earlier} comes after {later}"
    assert len(set(at.values())) == len(at), "two actions share a number"
    # Between InstallInitialize and the removal of what was there nothing may write to the script.
    assert at["RemoveExistingProducts"] == at["InstallInitialize"] + 1
    assert "UPGRADINGPRODUCTCODE" in conditions(package)["DeleteServices"]
    assert order(package, "InstallUISequence")["LaunchConditions"] < order(package, "InstallUISequence")["ExecuteAction"]


def test_custom_actions_can_be_run(package):
    files = {row["File"] for row in msi.table(package, "File")}
    folders = {row["Directory"] for row in msi.table(package, "Directory")}
    at = order(package)
    actions = {row["Action"]: row for row in msi.table(package, "CustomAction")}
    assert set(actions) <= set(at)
    for name, row in actions.items():
        kind = int(row["Type"])
        if kind == 51:
            continue
        assert row["Source"] in (files if kind & 0x3F == OF_A_FILE else folders), name
        assert kind & DEFERRED and kind & AS_SYSTEM, f"{name} would run without the right to change anything"
        assert at["InstallInitialize"] < at[name] < at["InstallFinalize"], name
    assert int(actions["Configure"]["Type"]) & IGNORED == 0, "a half set up service would count as installed"
    for name in ("UndoConfigure", "UndoClear"):
        assert int(actions[name]["Type"]) & ROLLBACK and int(actions[name]["Type"]) & IGNORED
    assert int(actions["Clear"]["Type"]) & IGNORED, "a rule that is gone already would keep the program installed"


def test_components_are_what_the_rows_say(package):
    components = {row["Component"] for row in msi.table(package, "Component")}
    for name in ("File", "Registry", "Environment", "ServiceInstall", "ServiceControl"):
        assert {row["Component_"] for row in msi.table(package, name)} <= components, name
    assert {row["Component_"] for row in msi.table(package, "FeatureComponents")} == components


# How it is made

def test_the_same_input_is_the_same_package(packages, stand_in, tmp_path):
    again, elsewhere = str(tmp_path / "again.msi"), str(tmp_path / "elsewhere.msi")
    os.utime(stand_in, (1, 1))
    msi.make(again, "1.0.0", stand_in, env={"TZ": "Asia/Tokyo", "LC_ALL": "C"})
    msi.make(elsewhere, "1.0.0", stand_in, env={"SOURCE_DATE_EPOCH": "86400"})
    with open(packages["1.0.0"], "rb") as first, open(again, "rb") as second, open(elsewhere, "rb") as third:
        content = first.read()
        assert content == second.read()
        assert content != third.read()
    assert msi.summary(elsewhere)[12] == "1970/01/02 00:00:00"


def test_another_content_is_another_product_of_the_same_version(packages, stand_in, tmp_path):
    program, other = str(tmp_path / "program.exe"), str(tmp_path / "other.msi")
    with open(stand_in, "rb") as before, open(program, "wb") as file:
        file.write(before.read() + b"\0")
    msi.make(other, "1.0.0", program)
    codes = [(msi.properties(path)["ProductCode"], msi.summary(path)[9]) for path in (packages["1.0.0"], other, packages["1.1.0"])]
    assert len({code for pair in codes for code in pair}) == 6
    assert all(re.fullmatch(r"\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}", code) for pair in codes for code in pair)


@pytest.mark.parametrize("version", ["1", "1.0", "1.0.0.0", "1.0.0-rc1", "256.0.0", "1.256.0", "1.0.65536", "", "a.b.c"])
def test_a_version_that_cannot_be_compared_is_refused(version, stand_in, tmp_path):
    result = msi.make(str(tmp_path / "no.msi"), version, stand_in, check=False)
    assert result.returncode == 1 and result.stderr.startswith("build: Windows Installer cannot compare the version")
    assert not os.listdir(tmp_path)


def test_a_missing_input_is_named_and_leaves_the_old_package(tmp_path):
    old = tmp_path / "old.msi"
    old.write_bytes(b"old")
    result = msi.make(str(old), "1.0.0", str(tmp_path / "nothing.exe"), check=False)
    assert result.returncode == 1 and "nothing.exe" in result.stderr and "Traceback" not in result.stderr
    assert old.read_bytes() == b"old" and os.listdir(tmp_path) == ["old.msi"]


def test_it_says_nothing_when_all_is_well(stand_in, tmp_path):
    result = msi.make(str(tmp_path / "quiet.msi"), "1.0.0", stand_in, "--help-link", "https://example.org/help")
    assert (result.stdout, result.stderr) == ("", "")
    assert msi.properties(str(tmp_path / "quiet.msi"))["ARPHELPLINK"] == "https://example.org/help"


def test_a_program_with_a_version_is_compared_by_it(stand_in, tmp_path):
    """Else Windows would keep an installed program, which has one, for the newer of the two."""
    source = tmp_path / "version.rc"
    source.write_text("1 VERSIONINFO FILEVERSION 1,2,3,4 PRODUCTVERSION 1,2,3,4\nBEGIN\nBLOCK \"StringFileInfo\"\nBEGIN\n"
                      "BLOCK \"040904b0\"\nBEGIN\nVALUE \"FileDescription\", \"odd length\"\nEND\nEND\n"
                      "BLOCK \"VarFileInfo\"\nBEGIN\nVALUE \"Translation\", 0x409, 1200\nEND\nEND\n", encoding="ascii")
    resource, main, program = (str(tmp_path / name) for name in ("version.o", "main.c", "versioned.exe"))
    with open(main, "w", encoding="ascii") as file:
        file.write("int main(void)\n{\n\treturn 0;\n}\n")
    subprocess.run(["x86_64-w64-mingw32-windres", str(source), resource], check=True)
    subprocess.run(["x86_64-w64-mingw32-gcc-posix", "-s", "-o", program, main, resource], check=True)
    versioned, plain = str(tmp_path / "versioned.msi"), str(tmp_path / "plain.msi")
    msi.make(versioned, "1.2.3", program)
    msi.make(plain, "1.2.3", stand_in)

    def compared(package):
        [row] = [row for row in msi.table(package, "File") if row["File"] == "hypervive.exe"]
        hashed = {row["File_"] for row in msi.table(package, "MsiFileHash")}
        return row["Version"], row["Language"], "hypervive.exe" in hashed
    assert compared(versioned) == ("1.2.3.4", "1033", False)
    assert compared(plain) == ("", "", True)


# What it does

def test_installed_and_removed(target, packages):
    path_before = target.folders_of_path()
    assert target.install(packages["1.0.0"]) == 0
    assert target.files() == ["LICENSE.txt", "README.md", "hypervive.exe"]
    service = target.service()
    assert service["ImagePath"][1].replace('"', "") == FOLDER + "hypervive.exe run"
    assert service["Start"][1] == "0x2" and service["ObjectName"][1] == "LocalSystem"
    assert service["DependOnService"] == ("REG_MULTI_SZ", "Winmgmt")
    assert target.service_state() == "RUNNING"
    assert target.wine.reg_query(target.SOURCE_KEY) == {
        "EventMessageFile": ("REG_EXPAND_SZ", FOLDER + "hypervive.exe"), "TypesSupported": ("REG_DWORD", "0x7"),
        "CategoryMessageFile": ("REG_EXPAND_SZ", FOLDER + "hypervive.exe"), "CategoryCount": ("REG_DWORD", "0x9")}
    assert target.folders_of_path() == [*path_before, FOLDER]
    [listed] = target.products().values()
    assert (listed["DisplayName"], listed["DisplayVersion"], listed["Publisher"]) == ("HyperVive", "1.0.0", "The hypervive developers")
    assert (listed["InstallLocation"], listed["NoModify"], listed["ReadMe"]) == (FOLDER, "0x1", FOLDER + "README.md")
    # Configured before it is started for the first time.
    assert target.calls() == ["install", "run"]

    assert target.remove(packages["1.0.0"]) == 0
    assert target.calls() == ["uninstall --no-service"]
    assert target.files() is None and target.service() is None and not target.products()
    assert target.folders_of_path() == path_before


def test_nothing_stays_behind(target, packages):
    before = target.registry()
    assert target.install(packages["1.0.0"], "FIREWALL=0") == 0
    target.wine.run("reg", "add", f"HKLM\\{target.SERVICE_KEY}", "/v", "DebugMode", "/t", "REG_DWORD", "/d", "1", "/f")
    assert target.remove(packages["1.0.0"]) == 0
    after = target.registry()
    # Windows Installer's own shelves, empty; PATH: see folders_of_path(); the next service's process number.
    others = re.compile(r"\\Installer(\\(Features|Products|UpgradeCodes|UserData(\\S-1-5-18(\\(Components|Products))?)?))?$"
                        r"|\\Session Manager\\Environment$|\\Control\\ServiceCurrent$")
    left = {entry: data for entry, data in after.items() if before.get(entry) != data and not others.search(entry[0])}
    assert not left, "\n".join(map(str, left.items()))
    assert not [entry for entry in after if "hypervive" in f"{entry}{after[entry]}".lower()]


def test_the_firewall_rule_can_be_left_out_and_that_is_remembered(target, packages):
    assert target.install(packages["0.9.0"], "FIREWALL=0") == 0
    assert target.calls() == ["install --no-firewall", "run"]
    assert target.wine.reg_query(target.CHOICE_KEY) == {"FirewallRule": ("REG_SZ", "0")}
    assert target.install(packages["1.0.0"]) == 0
    assert target.calls()[-2:] == ["install --no-firewall", "run"]
    assert target.install(packages["1.0.0"], "REINSTALL=ALL", "REINSTALLMODE=amus") == 0
    assert target.calls()[0] == "install --no-firewall", "the repair forgot"
    assert target.install(packages["1.1.0"], "FIREWALL=1") == 0
    assert target.calls()[-2:] == ["install", "run"]
    assert target.wine.reg_query(target.CHOICE_KEY) == {"FirewallRule": ("REG_SZ", "1")}


def test_the_firewall_rule_is_taken_back(target, packages):
    assert target.install(packages["0.9.0"]) == 0
    target.calls()
    assert target.install(packages["1.0.0"], "FIREWALL=0") == 0
    assert target.calls()[-3:] == ["install --no-firewall", "uninstall --no-service --no-event-source", "run"]


@pytest.mark.parametrize("choice", ["FIREWALL=no", "FIREWALL=2"])
def test_an_unknown_choice_installs_nothing(choice, target, packages):
    assert target.install(packages["1.0.0"], choice) == msi.FAILED
    assert target.files() is None and target.service() is None and not target.calls()


def test_the_folder_cannot_be_chosen(target, packages):
    assert target.install(packages["1.0.0"], "InstallFolder=C:\\open", "INSTALLFOLDER=C:\\open", "INSTALLDIR=C:\\open") == 0
    assert target.files() == ["LICENSE.txt", "README.md", "hypervive.exe"] and target.files("open") is None


def test_windows_7_is_refused(target, packages):
    target.claim_to_be("win7")
    try:
        assert target.install(packages["1.0.0"]) == msi.FAILED
        assert target.files() is None and not target.calls()
    finally:
        target.claim_to_be("win10")


def test_an_upgrade_replaces_the_older_one(target, packages):
    assert target.install(packages["0.9.0"]) == 0
    target.calls()
    assert target.install(packages["1.0.0"]) == 0
    [listed] = target.products().values()
    assert listed["DisplayVersion"] == "1.0.0"
    assert target.files() == ["LICENSE.txt", "README.md", "hypervive.exe"]
    assert target.service_state() == "RUNNING"
    assert target.calls()[-2:] == ["install", "run"]
    assert target.folders_of_path().count(FOLDER) == 1


def test_another_build_of_the_same_version_replaces_it(target, packages, stand_in, tmp_path):
    program, other = str(tmp_path / "program.exe"), str(tmp_path / "other.msi")
    with open(stand_in, "rb") as before, open(program, "wb") as file:
        file.write(before.read() + b"\0")
    msi.make(other, "1.0.0", program)
    assert target.install(packages["1.0.0"]) == 0
    assert target.install(other) == 0
    assert list(target.products()) == [msi.properties(other)["ProductCode"]]
    assert os.path.getsize(target.path("Program Files\\HyperVive\\hypervive.exe")) == os.path.getsize(program)


def test_an_older_one_is_refused(target, packages):
    assert target.install(packages["1.1.0"]) == 0
    target.calls()
    assert target.install(packages["1.0.0"]) == msi.FAILED
    [listed] = target.products().values()
    assert listed["DisplayVersion"] == "1.1.0" and target.service_state() == "RUNNING" and not target.calls()


def test_the_removal_within_an_upgrade_leaves_the_service_and_its_settings(target, packages):
    """
    Windows Installer removes the older product itself, with UPGRADINGPRODUCTCODE set to the new one's
    code. Wine does not set it, so here it is said by hand: the older one goes as it would within the upgrade.
    """
    assert target.install(packages["0.9.0"]) == 0
    for name, kind, data in (("DebugMode", "REG_DWORD", "1"), ("dry-run", "REG_SZ", "yes")):
        target.wine.run("reg", "add", f"HKLM\\{target.SERVICE_KEY}", "/v", name, "/t", kind, "/d", data, "/f")
    # Wine's installer cannot remove a program whose process is just ending; here nothing else gives it time.
    target.wine.run("net", "stop", "HyperVive")
    time.sleep(1)
    target.calls()
    assert target.remove(packages["0.9.0"], f"UPGRADINGPRODUCTCODE={msi.properties(packages['1.0.0'])['ProductCode']}") == 0
    assert target.files() is None and not target.products()
    assert target.service_state() == "STOPPED" and not target.calls()

    assert target.install(packages["1.0.0"]) == 0
    assert target.service_state() == "RUNNING" and target.calls() == ["install", "run"]
    assert target.service()["DebugMode"] == ("REG_DWORD", "0x1") and target.service()["dry-run"] == ("REG_SZ", "yes")


@pytest.mark.parametrize("kind, data, kept", [
    ("REG_DWORD", "1", True), ("REG_DWORD", "0", False), ("REG_SZ", "True", True), ("REG_SZ", "false", False),
    ("REG_SZ", "0", False), ("REG_SZ", "7", True), (None, None, False)])
def test_the_original_is_replaced_and_its_debug_mode_kept(kind, data, kept, target, packages, original):
    assert target.install(original) == 0
    assert target.files("Program Files (x86)\\HyperVive") == ["HyperVive.exe"]
    if kind:
        target.wine.run("reg", "add", f"HKLM\\{target.SERVICE_KEY}", "/v", "DebugMode", "/t", kind, "/d", data, "/f")
    assert target.install(packages["0.9.0"]) == 0  # below the original's 3.0
    assert target.files("Program Files (x86)\\HyperVive") is None
    assert list(target.products()) == [msi.properties(packages["0.9.0"])["ProductCode"]]
    service = target.service()
    assert service["ImagePath"][1].replace('"', "") == FOLDER + "hypervive.exe run" and target.service_state() == "RUNNING"
    assert service.get("DebugMode") == (("REG_DWORD", "0x1") if kept else None)
    assert "ParameterMessageFile" not in target.wine.reg_query(target.SOURCE_KEY)
    assert target.calls() == ["install", "run"]


def test_any_version_of_the_original_is_replaced(target, packages, stand_in, tmp_path):
    assert target.install(msi.make_original(str(tmp_path), stand_in, "99.5.0.0")) == 0
    assert target.install(packages["0.9.0"]) == 0
    assert list(target.products()) == [msi.properties(packages["0.9.0"])["ProductCode"]]


def test_a_service_that_cannot_be_set_up_is_not_left_half_installed(target, packages):
    """Wine undoes in another order than Windows (files first), so UndoConfigure finds no program here."""
    path_before = target.folders_of_path()
    open(target.path("fail-install"), "w", encoding="ascii").close()
    assert target.install(packages["1.0.0"]) != 0
    assert "run" not in target.calls()
    assert target.files() is None and not target.products() and target.folders_of_path() == path_before
    assert target.service() is None and target.wine.reg_query(target.SOURCE_KEY) is None


def test_a_failing_uninstall_does_not_keep_it_installed(target, packages):
    assert target.install(packages["1.0.0"]) == 0
    open(target.path("fail-uninstall"), "w", encoding="ascii").close()
    assert target.remove(packages["1.0.0"]) == 0
    assert target.files() is None and target.service() is None and not target.products()


def test_the_package_that_was_built(target, package):
    """The real program: its own install and uninstall, called by the package."""
    path_before = target.folders_of_path()
    assert target.install(package) == 0
    wait_until(lambda: target.service_state() == "RUNNING", 10, "the service does not run")
    # The tables' ImagePath, as Wine writes it, has no quotes: the program has set up the service once more.
    assert target.service()["ImagePath"][1] == f'"{FOLDER}hypervive.exe" run'
    [listed] = target.products().values()
    assert listed["DisplayVersion"] == msi.properties(package)["ProductVersion"]
    program = target.path("Program Files\\HyperVive\\hypervive.exe")
    said = target.wine.run(program, "--version").stdout
    assert listed["DisplayVersion"] in said
    assert FOLDER in target.folders_of_path()
    assert target.remove(package) == 0
    assert target.files() is None and target.service() is None and not target.products()
    assert target.wine.reg_query(target.SOURCE_KEY) is None and target.folders_of_path() == path_before
