/* SPDX-License-Identifier: MIT */
/*
 * catalogue.h - every event, once
 *
 * The one origin of ids, severities, categories, texts and field names: the
 * journal's catalogue, the Windows message table, the man page, the README's
 * table and the JSON names are generated from these three lists or checked
 * against them.
 *
 * A message is a template: {mac} stands for the field of that name, and a part
 * in square brackets is left out when a field within it is absent.
 */
#ifndef HYPERVIVE_EVENT_CATALOGUE_H
#define HYPERVIVE_EVENT_CATALOGUE_H

/* clang-format off */

/* FIELD(constant, name in JSON, type). TEXT is a string, NUMBER an integer. */
#define EVENT_FIELDS(FIELD)                                                                        \
	FIELD(FIELD_MAC, "mac", TEXT)                                                              \
	FIELD(FIELD_SOURCE, "source", TEXT)                                                        \
	FIELD(FIELD_INTERFACE, "interface", TEXT)                                                  \
	FIELD(FIELD_VLAN, "vlan", NUMBER)                                                          \
	FIELD(FIELD_INNER_VLAN, "inner_vlan", NUMBER)                                              \
	FIELD(FIELD_VM_NAME, "vm_name", TEXT)                                                      \
	FIELD(FIELD_VM_ID, "vm_id", TEXT)                                                          \
	FIELD(FIELD_RESULT_CODE, "result_code", NUMBER)                                            \
	FIELD(FIELD_RESULT_TEXT, "result_text", TEXT)                                              \
	FIELD(FIELD_REASON, "reason", TEXT)                                                        \
	FIELD(FIELD_ACTION, "action", TEXT)                                                        \
	FIELD(FIELD_USER, "user", TEXT)                                                            \
	FIELD(FIELD_JOB_ID, "job_id", TEXT)                                                        \
	FIELD(FIELD_JOB_TYPE, "job_type", NUMBER)                                                  \
	FIELD(FIELD_CHECKPOINT_NAME, "checkpoint_name", TEXT)                                      \
	FIELD(FIELD_CHECKPOINT_ID, "checkpoint_id", TEXT)                                          \
	FIELD(FIELD_PARENT, "parent", TEXT)                                                        \
	FIELD(FIELD_KIND, "kind", TEXT)                                                            \
	FIELD(FIELD_MODULE, "module", TEXT)                                                        \
	FIELD(FIELD_CONNECT, "connect", TEXT)                                                      \
	FIELD(FIELD_FILE, "file", TEXT)                                                            \
	FIELD(FIELD_LINE, "line", NUMBER)                                                          \
	FIELD(FIELD_KEY, "key", TEXT)                                                              \
	FIELD(FIELD_COUNT, "count", NUMBER)                                                        \
	FIELD(FIELD_SUPPRESSED, "suppressed", NUMBER)                                              \
	FIELD(FIELD_VALUE, "value", TEXT)                                                          \
	FIELD(FIELD_STATE, "state", TEXT)                                                          \
	FIELD(FIELD_VERSION, "version", TEXT)                                                      \
	FIELD(FIELD_PID, "pid", NUMBER)                                                            \
	FIELD(FIELD_HEARD, "heard", TEXT)                                                          \
	FIELD(FIELD_UNHEARD, "unheard", TEXT)                                                      \
	FIELD(FIELD_FIREWALL, "firewall", TEXT)

/* CATEGORY(constant, number on Windows, label) */
#define EVENT_CATEGORIES(CATEGORY)                                                                 \
	CATEGORY(CATEGORY_APPLICATION, 1, "Application Error")                                     \
	CATEGORY(CATEGORY_MODULE, 2, "Module Error")                                               \
	CATEGORY(CATEGORY_DEBUG, 3, "Debug")                                                       \
	CATEGORY(CATEGORY_MAGIC_PACKET, 4, "Magic Packet")                                         \
	CATEGORY(CATEGORY_STARTER, 5, "Virtual Machine Starter")                                   \
	CATEGORY(CATEGORY_CHECKPOINT, 6, "Checkpoint")                                             \
	CATEGORY(CATEGORY_MANAGEMENT, 7, "CIM/WMI Error")                                          \
	CATEGORY(CATEGORY_SERVICE, 8, "Service")                                                   \
	CATEGORY(CATEGORY_INTEGRATION, 9, "Integration Services")

/* What a checkpoint event says after its first words; ids 4003 to 4014 differ in those only. */
#define CHECKPOINT_WHO  "[ of {vm_name}][ ({checkpoint_name})][, asked for by {user}]"
#define CHECKPOINT_FAIL CHECKPOINT_WHO "[: {result_text}][ ({result_code})]"

/* The original's five first, in its order. */
#define CHECKPOINT_PARAMETERS        "action vm_name user vm_id job_id checkpoint_name checkpoint_id parent kind"
#define CHECKPOINT_FAILED_PARAMETERS "action vm_name user vm_id job_id result_code result_text checkpoint_name checkpoint_id parent kind"

/*
 * EVENT(id, severity, category, parameters, message, explanation for the tables and the journal
 * catalogue). parameters: every field that the event may have, in the order in which the Windows
 * event log keeps them: where HyperVive 3 has the event, its parameters come first, in its order.
 */
#define EVENT_CATALOGUE(EVENT)                                                                     \
	EVENT(1000, ERROR, APPLICATION, "reason", "The service stops after an unexpected error[: {reason}]", \
		"An error that the service cannot work around. It ends; its manager starts it anew.") \
	EVENT(1001, ERROR, MODULE, "module reason count vm_name", "{module}: {reason}[ ({count} lost)]",                          \
		"A part of the service failed, or has recovered and says what was lost meanwhile.") \
	EVENT(1002, ERROR, MANAGEMENT, "reason module", "A subscription for {module} failed[: {reason}]",           \
		"The host's management service refused or ended a subscription; it is tried again.") \
	EVENT(1003, ERROR, APPLICATION, "reason", "The service lacks a right that it needs[: {reason}]",     \
		"Start it as root or as the unit file does (CAP_NET_RAW); on Windows as LocalSystem.") \
	EVENT(1011, ERROR, MODULE, "key reason", "{key} cannot be read[: {reason}]",                             \
		"The debug mode's value cannot be read or understood; the mode stays as it is.")   \
	EVENT(1012, ERROR, MODULE, "key reason", "{key} cannot be opened[: {reason}]",                           \
		"The place where the debug mode is kept cannot be opened.")                        \
	EVENT(1021, ERROR, MODULE, "vm_name vm_id reason count", "An adapter of {vm_name} cannot be used[: {reason}]",           \
		"A virtual adapter without a readable MAC address or owner; it is left out.")      \
	EVENT(1022, ERROR, MODULE, "reason connect", "Changes of virtual machines are not reported[: {reason}]",     \
		"The host refused to report changes; the list of machines is read at intervals.")  \
	EVENT(1031, ERROR, MODULE, "reason count", "The receiver of magic packets has trouble[: {reason}][ ({count} frames lost)]", \
		"Frames cannot be received, or came faster than they could be looked at.")         \
	EVENT(1040, WARNING, MANAGEMENT, "connect reason", "The connection to {connect} is lost[: {reason}]",        \
		"The host's management service does not answer. Packets are still heard; the service goes on trying.") \
	EVENT(1041, INFORMATION, MANAGEMENT, "connect count", "The connection to {connect} is restored[, machines known: {count}]", \
		"The host's management service answers again and the list of machines was read anew.") \
	EVENT(1050, ERROR, APPLICATION, "file line key reason vm_name vm_id", "{file}[, line {line}][: {key}]: {reason}",                  \
		"A setting cannot be used; the value that was in force before stays.")             \
	EVENT(1100, INFORMATION, SERVICE, "version connect count", "The service is ready[, machines known: {count}][, {connect}][, version {version}]", \
		"The receiver is open, and a magic packet would be acted on from now on.")         \
	EVENT(1101, INFORMATION, SERVICE, "reason", "The service has stopped[: {reason}]",                   \
		"The last event of a run.")                                                        \
	EVENT(1102, INFORMATION, SERVICE, "heard unheard", "Heard: {heard}[; not heard: {unheard}]", \
		"What kinds of magic packets the receiver can hear on this host, and what it cannot.") \
	EVENT(1103, WARNING, SERVICE, "firewall heard unheard", "{firewall}; heard: {heard}[; not heard: {unheard}]", \
		"As 1102, but a firewall would drop magic packets before they are heard. A rule that allows UDP ports 7 and 9 helps.")                                                        \
	EVENT(2000, INFORMATION, MAGIC_PACKET, "mac source interface vlan inner_vlan user vm_name vm_id", "Magic packet[ for {mac}] from {source}[ on {interface}][, VLAN {vlan}]", \
		"A well-formed packet for a known machine was accepted; 3000 or 3001 follows for each machine that does not run.") \
	EVENT(2001, WARNING, MAGIC_PACKET, "mac source reason vm_name vm_id interface vlan inner_vlan action user suppressed", "Magic packet[ for {mac}] from {source} refused: {reason}[ ({vm_name})][ on {interface}][, VLAN {vlan}][, {suppressed} more like it]", \
		"A well-formed packet for a known machine was refused. Reasons: secureon, sender, interface, vlan, rate, opted-out, dry-run.") \
	EVENT(3000, INFORMATION, STARTER, "vm_name vm_id mac source action interface vlan inner_vlan user", "{vm_name} runs[ ({action})], woken by {source}[ for {mac}]", \
		"A virtual machine was started, restored, resumed or woken from sleep.")           \
	EVENT(3001, ERROR, STARTER, "vm_name vm_id mac source result_code result_text reason action interface vlan inner_vlan user", "{vm_name} was not woken[ for {mac}][ by {source}][: {reason}][: {result_text}][ ({result_code})]", \
		"A virtual machine could not be started, or must not be: reason is ours, result_code and result_text are the host's own.") \
	EVENT(4003, INFORMATION, CHECKPOINT, CHECKPOINT_PARAMETERS, "Applying a checkpoint" CHECKPOINT_WHO, "Checkpoint apply started.") \
	EVENT(4004, INFORMATION, CHECKPOINT, CHECKPOINT_PARAMETERS, "A checkpoint was applied" CHECKPOINT_WHO, "Checkpoint apply succeeded.") \
	EVENT(4005, ERROR, CHECKPOINT, CHECKPOINT_FAILED_PARAMETERS, "A checkpoint was not applied" CHECKPOINT_FAIL, "Checkpoint apply failed.") \
	EVENT(4006, INFORMATION, CHECKPOINT, CHECKPOINT_PARAMETERS, "Clearing a saved state" CHECKPOINT_WHO, "Clear state started.") \
	EVENT(4007, INFORMATION, CHECKPOINT, CHECKPOINT_PARAMETERS, "A saved state was cleared" CHECKPOINT_WHO, "Clear state succeeded.") \
	EVENT(4008, ERROR, CHECKPOINT, CHECKPOINT_FAILED_PARAMETERS, "A saved state was not cleared" CHECKPOINT_FAIL, "Clear state failed.") \
	EVENT(4009, INFORMATION, CHECKPOINT, CHECKPOINT_PARAMETERS, "Deleting a checkpoint" CHECKPOINT_WHO, "Checkpoint delete started.") \
	EVENT(4010, INFORMATION, CHECKPOINT, CHECKPOINT_PARAMETERS, "A checkpoint was deleted" CHECKPOINT_WHO, "Checkpoint delete succeeded.") \
	EVENT(4011, ERROR, CHECKPOINT, CHECKPOINT_FAILED_PARAMETERS, "A checkpoint was not deleted" CHECKPOINT_FAIL, "Checkpoint delete failed.") \
	EVENT(4012, INFORMATION, CHECKPOINT, CHECKPOINT_PARAMETERS, "Creating a checkpoint" CHECKPOINT_WHO, "Checkpoint creation started.") \
	EVENT(4013, INFORMATION, CHECKPOINT, CHECKPOINT_PARAMETERS, "A checkpoint was created" CHECKPOINT_WHO, "Checkpoint creation succeeded.") \
	EVENT(4014, ERROR, CHECKPOINT, CHECKPOINT_FAILED_PARAMETERS, "A checkpoint was not created" CHECKPOINT_FAIL, "Checkpoint creation failed.") \
	EVENT(5000, WARNING, INTEGRATION, "vm_name vm_id reason version state", "The integration services of {vm_name} need attention[: {reason}]", \
		"A guest's integration services or guest agent are outdated, failing or silent.")  \
	EVENT(5001, INFORMATION, INTEGRATION, "vm_name vm_id version", "The integration services of {vm_name} are well again[, version {version}]", \
		"What 5000 told of is over.")                                                      \
	EVENT(9000, DEBUG, DEBUG, "reason module", "[{module}: ]{reason}", "A remark of the service.")              \
	EVENT(9001, DEBUG, DEBUG, "value user", "Debug mode is now {value}[, switched by {user}]", "Debug mode was switched.") \
	EVENT(9002, DEBUG, DEBUG, "key", "{key} is not set", "The debug mode's value does not exist.")    \
	EVENT(9003, DEBUG, DEBUG, "count", "{count} virtual adapters are known", "The list of machines was read.") \
	EVENT(9004, DEBUG, DEBUG, "mac kind vm_name vm_id", "Adapter {mac}[ ({kind})][ of {vm_name}] was added", "A virtual adapter is new.") \
	EVENT(9005, DEBUG, DEBUG, "mac kind vm_name vm_id", "Adapter {mac}[ ({kind})][ of {vm_name}] has changed", "A virtual adapter has another address.") \
	EVENT(9006, DEBUG, DEBUG, "mac kind vm_name vm_id", "Adapter {mac}[ ({kind})][ of {vm_name}] changed and was not known", "A change told of an adapter that was not known; it is now.") \
	EVENT(9007, DEBUG, DEBUG, "mac kind vm_name vm_id", "Adapter {mac}[ ({kind})][ of {vm_name}] was removed", "A virtual adapter is gone.") \
	EVENT(9008, DEBUG, DEBUG, "vm_name vm_id job_id action", "Waking {vm_name}[ ({action})][, job {job_id}]", "The host is asked to start a machine.") \
	EVENT(9009, DEBUG, DEBUG, "source interface vlan inner_vlan mac reason", "Malformed magic packet[ from {source}][ on {interface}][, VLAN {vlan}][: {reason}]", "Something looked like a magic packet and was none.") \
	EVENT(9010, DEBUG, DEBUG, "mac source interface vlan inner_vlan", "Well-formed magic packet for {mac} from {source}[ on {interface}][, VLAN {vlan}]", "Any well-formed packet, also for unknown addresses.") \
	EVENT(9011, DEBUG, DEBUG, "mac", "{mac} is listened to again", "The exclusion window of an address has ended.") \
	EVENT(9012, DEBUG, DEBUG, "job_type job_id", "A job appeared[: type {job_type}][, {job_id}]", "The host began a job.") \
	EVENT(9013, DEBUG, DEBUG, "mac source interface vlan inner_vlan", "Copy of a magic packet for {mac}[ from {source}][ on {interface}][, VLAN {vlan}]", "A packet within the exclusion window of its address, or a copy of one already judged.") \
	EVENT(9014, DEBUG, DEBUG, "mac", "{mac} was not excluded", "The end of an exclusion window that was not open.") \
	EVENT(9015, DEBUG, DEBUG, "vm_name vm_id mac source interface vlan inner_vlan user", "{vm_name} already runs[, nothing to do for {mac}][ from {source}]", "A magic packet for a machine that already runs or is just being woken.")

/* clang-format on */

#endif
