/* SPDX-License-Identifier: MIT */
/*
 * methods.c - the methods that do something; the others of the classes are known but not there
 */
#include "methods.h"

#include <stdio.h>

#include "jobs.h"
#include "world.h"

struct call {
	struct entity *entity;
	const struct image *in;
	struct values *out;
	struct buffer *texts; /* lives until the out parameters are made */
	struct wql_fault *fault;
};

static sim_status request_state_change(struct call *call)
{
	const struct value *state = call->in ? image_named(call->in, "RequestedState") : NULL;
	uint32_t result;

	if (!state) {
		snprintf(call->fault->text, sizeof(call->fault->text), "RequestedState is missing");
		return SIM_INVALID_METHOD_PARAMETERS;
	}
	result = machine_request(call->entity, (int)state->number, call->texts);
	values_number(call->out, "ReturnValue", result);
	if (result == REQUEST_JOB)
		values_text(call->out, "Job", call->texts->text);
	return SIM_OK;
}

static sim_status get_error_ex(struct call *call)
{
	unsigned count = job_errors(call->entity, call->texts);

	values_number(call->out, "ReturnValue", 0);
	if (count > 0)
		values_texts(call->out, "Errors", call->texts->text, count);
	return SIM_OK;
}

static sim_status get_error(struct call *call)
{
	unsigned count = job_errors(call->entity, call->texts);

	values_number(call->out, "ReturnValue", 0);
	if (count > 0)
		values_text(call->out, "Error", call->texts->text);
	return SIM_OK;
}

static const struct implementation {
	const char *class, *method;
	sim_status (*run)(struct call *call);
} implementations[] = {
	{"Msvm_ComputerSystem", "RequestStateChange", request_state_change},
	{"Msvm_ConcreteJob", "GetErrorEx", get_error_ex},
	{"Msvm_ConcreteJob", "GetError", get_error},
};

sim_status method_execute(struct entity *entity, const struct method *method,
	const struct image *in, struct image **out, struct wql_fault *fault)
{
	const struct class *class = entity->image->class;
	struct buffer texts = {0};
	struct values values;
	struct call call = {entity, in, &values, &texts, fault};
	sim_status status = SIM_METHOD_NOT_IMPLEMENTED;

	*out = NULL;
	values_begin(&values, method->out);
	for (size_t i = 0; i < sizeof(implementations) / sizeof(implementations[0]); i++) {
		const struct class *of = class_find(class->space, implementations[i].class);

		if (!of || !class_isa(class, of) ||
			!fold_equal(implementations[i].method, method->name))
			continue;
		status = implementations[i].run(&call);
		break;
	}
	if (status == SIM_METHOD_NOT_IMPLEMENTED)
		snprintf(fault->text, sizeof(fault->text), "the simulator has no %.40s.%.60s",
			class->name, method->name);
	if (status == SIM_OK)
		*out = image_new(&values);
	buffer_free(&texts);
	return status;
}
