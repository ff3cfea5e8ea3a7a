-- SPDX-License-Identifier: MIT
--
-- tables.sql - what wixl 0.101 cannot say, put into the package's tables by `build` (msibuild -q)
--
-- One statement ends with a semicolon at the end of a line. Windows Installer's SQL has no escape for
-- single quotes: none may stand in a text. @VERSION@ is the version.
--
-- Standard actions. wixl leaves out what nothing in hypervive.wxs asks for, and gives wrong numbers to what is
-- ordered there by After; the numbers here are those that Windows Installer recommends.
INSERT INTO `InstallUISequence` (`Action`, `Condition`, `Sequence`) VALUES ('FindRelatedProducts', '', 25);
INSERT INTO `InstallUISequence` (`Action`, `Condition`, `Sequence`) VALUES ('LaunchConditions', '', 100);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('FindRelatedProducts', '', 25);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('LaunchConditions', '', 100);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('RemoveRegistryValues', '', 2600);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('RemoveEnvironmentStrings', '', 3300);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('WriteRegistryValues', '', 5000);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('WriteEnvironmentStrings', '', 5200);

-- ---------------------------------------------------------------------------------------------
-- Files and folders: Windows Installer wants a name of eight and three beside a longer one.
UPDATE `File` SET `FileName` = 'HYPRVIVE.EXE|hypervive.exe' WHERE `File` = 'hypervive.exe';
UPDATE `Directory` SET `DefaultDir` = 'HYPRVIVE|HyperVive' WHERE `Directory` = 'InstallFolder';

-- ---------------------------------------------------------------------------------------------
-- Properties that may come from the command line, or from the part that runs as the user. FIREWALL=0
-- leaves the firewall rule out; upgrades and repairs remember it.
INSERT INTO `Property` (`Property`, `Value`) VALUES ('SecureCustomProperties', 'DEBUGMODEBEFORE;FIREWALL;FIREWALLBEFORE;NEWERFOUND;OLDERFOUND;ORIGINALFOUND');

-- Windows 8.1 and Server 2012 R2 are 603; so is, to a package, each later one.
INSERT INTO `LaunchCondition` (`Condition`, `Description`) VALUES ('Installed OR VersionNT >= 603', '[ProductName] needs Windows Server 2012 R2, Windows 8.1 or newer.');
INSERT INTO `LaunchCondition` (`Condition`, `Description`) VALUES ('Installed OR NOT NEWERFOUND', 'A newer version of [ProductName] is installed. To go back to version [ProductVersion], remove the newer one first.');
INSERT INTO `LaunchCondition` (`Condition`, `Description`) VALUES ('NOT FIREWALL OR FIREWALL = "0" OR FIREWALL = "1"', 'FIREWALL=[FIREWALL] is not known: 1 adds the firewall rule for UDP ports 7 and 9, 0 leaves it out.');

-- ---------------------------------------------------------------------------------------------
-- The event source. Its texts are in the program.
INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) VALUES ('EventMessageFile', 2, 'SYSTEM\CurrentControlSet\Services\EventLog\Application\HyperVive', 'EventMessageFile', '#%[#hypervive.exe]', 'Program');
INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) VALUES ('CategoryMessageFile', 2, 'SYSTEM\CurrentControlSet\Services\EventLog\Application\HyperVive', 'CategoryMessageFile', '#%[#hypervive.exe]', 'Program');
INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) VALUES ('CategoryCount', 2, 'SYSTEM\CurrentControlSet\Services\EventLog\Application\HyperVive', 'CategoryCount', '#9', 'Program');
INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) VALUES ('TypesSupported', 2, 'SYSTEM\CurrentControlSet\Services\EventLog\Application\HyperVive', 'TypesSupported', '#7', 'Program');
-- What was chosen, for the next version.
INSERT INTO `Registry` (`Registry`, `Root`, `Key`, `Name`, `Value`, `Component_`) VALUES ('FirewallRule', 2, 'SOFTWARE\HyperVive', 'FirewallRule', '[FIREWALL]', 'Program');

-- The machine's PATH (*): set on installation (=), taken out on removal (-), behind what is there ([~]).
CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, `Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`);
INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) VALUES ('Path', '=-*PATH', '[~];[InstallFolder]', 'Program');

-- ---------------------------------------------------------------------------------------------
-- Custom actions. The tables own the service, the event source, the files and PATH. The rest of what
-- `hypervive install` does has no table, or one that is known not to work
-- (MsiServiceConfigFailureActions): recovery with growing delays, delayed start, service SID,
-- privileges, the dependency on vmms where it exists, the firewall rule. It is left to that command
-- as a whole, so that both ways of installing give the same service: it changes what the tables have
-- made in place.
--
-- Types: 18 a program of this package; 34 a command line with a working folder; 51 a property.
-- 1024 deferred, 2048 as LocalSystem, 256 on rollback, 64 failure does not matter.

INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('KeepFirewallChoice', 51, 'FIREWALL', '0');
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('ChooseFirewall', 51, 'FIREWALL', '1');
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('LeaveFirewallOut', 51, 'FIREWALLOPTION', '--no-firewall');
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('KeepFirewallChoice', 'FIREWALLBEFORE = "0" AND NOT FIREWALL', 60);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('ChooseFirewall', 'NOT FIREWALL', 61);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('LeaveFirewallOut', 'FIREWALL = "0"', 62);

-- For "Apps" and inventories; the folder is known after CostFinalize.
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('TellFolder', 51, 'ARPINSTALLLOCATION', '[InstallFolder]');
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('TellReadme', 51, 'ARPREADME', '[InstallFolder]README.md');
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('TellFolder', 'NOT Installed', 1010);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('TellReadme', 'NOT Installed', 1011);

-- What is found and replaced: ours up to this version (also another build of it), and every version of the original.
-- A newer one of ours is only found, and stops us (LaunchCondition). 512: the upper bound counts as well,
-- 256: the lower one does, 2: only find.
INSERT INTO `Upgrade` (`UpgradeCode`, `VersionMin`, `VersionMax`, `Language`, `Attributes`, `Remove`, `ActionProperty`) VALUES ('{98617BEE-76FC-4624-B365-1EA96FF0CE4A}', '', '@VERSION@', '', 512, '', 'OLDERFOUND');
INSERT INTO `Upgrade` (`UpgradeCode`, `VersionMin`, `VersionMax`, `Language`, `Attributes`, `Remove`, `ActionProperty`) VALUES ('{98617BEE-76FC-4624-B365-1EA96FF0CE4A}', '@VERSION@', '', '', 2, '', 'NEWERFOUND');
INSERT INTO `Upgrade` (`UpgradeCode`, `VersionMin`, `VersionMax`, `Language`, `Attributes`, `Remove`, `ActionProperty`) VALUES ('{4C4E2ABC-D609-47E3-98D9-FF506E8ADF57}', '0.0.0', '', '', 256, '', 'ORIGINALFOUND');

-- Upgrades. Whatever is replaced goes first, within the transaction: when we fail, it comes back. The original
-- has to go before our service comes, because it deletes the service and the event source of the same
-- name. An older version of ours is told UPGRADINGPRODUCTCODE and leaves its service registered: the key with
-- DebugMode and the settings is the service's own, and would go with it.
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('RemoveExistingProducts', '', 1501);
UPDATE `InstallExecuteSequence` SET `Condition` = 'VersionNT AND NOT UPGRADINGPRODUCTCODE' WHERE `Action` = 'DeleteServices';

-- Removal, for good: the firewall rule, and the event source with all that others may have put there; the service
-- is the tables'. Rollback runs backwards: the program is back when UndoClear needs it.
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('UndoClear', 3410, 'hypervive.exe', 'install --no-service [FIREWALLOPTION]');
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('Clear', 3154, 'hypervive.exe', 'uninstall --no-service');
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('UndoClear', '$Program = 2 AND NOT UPGRADINGPRODUCTCODE', 2010);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('Clear', '$Program = 2 AND NOT UPGRADINGPRODUCTCODE', 2020);

-- Installation and repair: between InstallServices and StartServices, so that the first start has the
-- privileges and the SID. Rollback takes the firewall rule back, the tables undo the rest; an upgrade or a
-- repair that fails leaves the rule that was there.
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('UndoConfigure', 3410, 'hypervive.exe', 'uninstall --no-service --no-event-source');
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('Configure', 3090, 'hypervive.exe', 'install [FIREWALLOPTION]');
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('UndoConfigure', '$Program = 3 AND NOT Installed AND NOT OLDERFOUND', 5810);
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('Configure', '$Program = 3', 5820);
-- FIREWALL=0 where the version before had the rule.
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('TakeRuleBack', 3154, 'hypervive.exe', 'uninstall --no-service --no-event-source');
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('TakeRuleBack', '$Program = 3 AND FIREWALL = "0" AND NOT FIREWALLBEFORE = "0" AND (Installed OR OLDERFOUND)', 5825);

-- The original was in debug mode (as it read the value: any text but False and zero): so are we. Its
-- removal has deleted the value with the service.
INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) VALUES ('KeepDebugMode', 3170, 'System64Folder', '"[System64Folder]reg.exe" add "HKLM\SYSTEM\CurrentControlSet\Services\HyperVive" /v DebugMode /t REG_DWORD /d 1 /f');
INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) VALUES ('KeepDebugMode', 'ORIGINALFOUND AND DEBUGMODEBEFORE AND NOT (DEBUGMODEBEFORE = "#0" OR DEBUGMODEBEFORE = "0" OR DEBUGMODEBEFORE ~= "False")', 5830);
