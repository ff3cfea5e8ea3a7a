/* SPDX-License-Identifier: MIT */
/*
 * wmi_value.c - properties of WMI's objects
 *
 * Each CIM type comes as one type of VARIANT (learn.microsoft.com, "Numbers"): unsigned numbers
 * of 16 and 32 bits as VT_I4, those of 64 bits as text. Anything else is told, never guessed at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "base/windows/wide.h"
#include "host/hyperv/wmi.h"

struct names {
	char property[64], class[128];
};

static struct names find_names(IWbemClassObject *object, const wchar_t *name)
{
	struct names names = {0};

	wide_to_utf8(names.property, sizeof(names.property), name);
	if (wcscmp(name, L"__CLASS") == 0 ||
		wmi_text(object, L"__CLASS", names.class, sizeof(names.class), NULL) != 1)
		snprintf(names.class, sizeof(names.class), "an object");
	return names;
}

static int wrong_type(IWbemClassObject *object, const wchar_t *name, VARTYPE type,
	const char *wanted, struct error *error)
{
	struct names names = find_names(object, name);

	return error_set(error, ERR_FAILED,
		"%s of %s has a value of the VARIANT type 0x%04x, where %s is expected",
		names.property, names.class, (unsigned)type, wanted);
}

/* A property that is missing is no machine that is missing. */
static int no_property(IWbemClassObject *object, const wchar_t *name, struct error *error)
{
	struct names names = find_names(object, name);

	SetErrorInfo(0, NULL); /* what WMI said of it must not explain a later failure */
	return error_set(error, ERR_FAILED, "%s has no property %s", names.class, names.property);
}

/* Reads a property; 0 for NULL. After 1 the caller clears *value. */
static int get(IWbemClassObject *object, const wchar_t *name, VARIANT *value, struct error *error)
{
	VariantInit(value);
	HRESULT result = IWbemClassObject_Get(object, name, 0, value, NULL, NULL);

	if (result == (HRESULT)WBEM_E_NOT_FOUND)
		return no_property(object, name, error);
	if (FAILED(result))
		return wmi_error(result, error);
	return V_VT(value) != VT_NULL && V_VT(value) != VT_EMPTY;
}

/* Reads a property that must have this type. */
static int get_typed(IWbemClassObject *object, const wchar_t *name, VARTYPE type,
	const char *wanted, VARIANT *value, struct error *error)
{
	int found = get(object, name, value, error);

	if (found == 1 && V_VT(value) != type) {
		found = wrong_type(object, name, V_VT(value), wanted, error);
		VariantClear(value);
	}
	return found;
}

int wmi_number(IWbemClassObject *object, const wchar_t *name, uint32_t *number, struct error *error)
{
	VARIANT value;
	int found = get(object, name, &value, error);

	*number = 0;
	if (found != 1)
		return found;
	switch (V_VT(&value)) {
	case VT_UI1:
		*number = V_UI1(&value);
		return 1;
	case VT_I2:
		*number = (uint32_t)V_I2(&value);
		return 1;
	case VT_I4:
		*number = (uint32_t)V_I4(&value);
		return 1;
	default:
		found = wrong_type(object, name, V_VT(&value), "a number", error);
		VariantClear(&value);
		return found;
	}
}

int wmi_numbers(IWbemClassObject *object, const wchar_t *name, uint32_t *values, size_t count,
	struct error *error)
{
	VARIANT value;
	void *data;
	int found = get_typed(object, name, VT_ARRAY | VT_I4, "a list of numbers", &value, error);

	memset(values, 0, count * sizeof(*values));
	if (found != 1)
		return found;
	SAFEARRAY *array = V_ARRAY(&value);
	if (SafeArrayGetDim(array) == 1 && SUCCEEDED(SafeArrayAccessData(array, &data))) {
		size_t length = array->rgsabound[0].cElements;

		memcpy(values, data, (length < count ? length : count) * sizeof(*values));
		SafeArrayUnaccessData(array);
	}
	VariantClear(&value);
	return 1;
}

/* Most text is ASCII and short: that costs neither memory nor a call of the system. */
static void copy_text(char *text, size_t size, BSTR source)
{
	UINT length = SysStringLen(source);

	if (length < size) {
		UINT i = 0;

		while (i < length && source[i] != 0 && source[i] < 0x80) {
			text[i] = (char)source[i];
			i++;
		}
		text[i] = '\0';
		if (i == length)
			return;
	}
	wide_to_utf8(text, size, source);
}

int wmi_text(
	IWbemClassObject *object, const wchar_t *name, char *text, size_t size, struct error *error)
{
	VARIANT value;
	int found = get_typed(object, name, VT_BSTR, "text", &value, error);

	text[0] = '\0';
	if (found != 1)
		return found;
	copy_text(text, size, V_BSTR(&value));
	VariantClear(&value);
	return 1;
}

int wmi_texts(IWbemClassObject *object, const wchar_t *name, wmi_text_fn *each, void *context,
	struct error *error)
{
	VARIANT value;
	void *data;
	int found = get_typed(object, name, VT_ARRAY | VT_BSTR, "a list of texts", &value, error);

	if (found != 1)
		return found;
	SAFEARRAY *array = V_ARRAY(&value);
	if (SafeArrayGetDim(array) == 1 && SUCCEEDED(SafeArrayAccessData(array, &data))) {
		BSTR *texts = data;
		ULONG count = array->rgsabound[0].cElements;
		bool wanted = true;

		for (ULONG i = 0; i < count && wanted && found == 1; i++) {
			char *text = wide_to_new_utf8(texts[i] ? texts[i] : L"");

			if (text)
				wanted = each(context, text);
			else
				found = error_set(error, ERR_FAILED, "out of memory");
			free(text);
		}
		SafeArrayUnaccessData(array);
	}
	VariantClear(&value);
	return found;
}

int wmi_object(IWbemClassObject *object, const wchar_t *name, IWbemClassObject **inner,
	struct error *error)
{
	VARIANT value;
	int found = get_typed(object, name, VT_UNKNOWN, "an object", &value, error);

	*inner = NULL;
	if (found != 1)
		return found;
	HRESULT result = V_UNKNOWN(&value) ? IUnknown_QueryInterface(V_UNKNOWN(&value),
						     &IID_IWbemClassObject, (void **)inner)
					   : E_POINTER;
	VariantClear(&value);
	if (SUCCEEDED(result))
		return 1;
	*inner = NULL;
	return wmi_error(result, error);
}

HRESULT wmi_put_number(IWbemClassObject *object, const wchar_t *name, uint16_t number)
{
	VARIANT value;

	VariantInit(&value);
	V_VT(&value) = VT_I4;
	V_I4(&value) = number;
	return IWbemClassObject_Put(object, name, 0, &value, 0);
}

/* ---- fingerprints ---- */

/* Equal values are to be found, not enemies kept out: the key only carries the sum on. */
static uint64_t mix(uint64_t sum, const void *bytes, size_t length)
{
	struct siphash_key key = {sum, length};

	return siphash13(&key, bytes, length);
}

static uint64_t mix_text(uint64_t sum, BSTR text)
{
	return mix(sum, text ? text : L"", SysStringByteLen(text));
}

static uint64_t mix_array(uint64_t sum, SAFEARRAY *array, VARTYPE type)
{
	void *data;

	if (SafeArrayGetDim(array) != 1 || FAILED(SafeArrayAccessData(array, &data)))
		return sum;
	ULONG count = array->rgsabound[0].cElements;
	if (type == VT_BSTR) {
		BSTR *texts = data;

		for (ULONG i = 0; i < count; i++)
			sum = mix_text(sum, texts[i]);
	} else {
		sum = mix(sum, data, (size_t)count * SafeArrayGetElemsize(array));
	}
	SafeArrayUnaccessData(array);
	return sum;
}

static uint64_t mix_value(uint64_t sum, const VARIANT *value)
{
	VARTYPE type = V_VT(value);

	sum = mix(sum, &type, sizeof(type));
	if (type & VT_ARRAY)
		return mix_array(sum, V_ARRAY(value), (VARTYPE)(type & VT_TYPEMASK));
	switch (type) {
	case VT_BSTR:
		return mix_text(sum, V_BSTR(value));
	case VT_I4:
		return mix(sum, &V_I4(value), sizeof(V_I4(value)));
	case VT_I2:
		return mix(sum, &V_I2(value), sizeof(V_I2(value)));
	case VT_BOOL:
		return mix(sum, &V_BOOL(value), sizeof(V_BOOL(value)));
	case VT_UI1:
		return mix(sum, &V_UI1(value), sizeof(V_UI1(value)));
	default:
		return sum;
	}
}

uint64_t wmi_digest(IWbemClassObject *object, const wchar_t *const *names)
{
	uint64_t sum = 0;

	for (; *names; names++) {
		VARIANT value;

		if (get(object, *names, &value, NULL) < 0)
			V_VT(&value) = VT_ERROR; /* also different from NULL */
		sum = mix_value(sum, &value);
		VariantClear(&value);
	}
	return sum;
}
