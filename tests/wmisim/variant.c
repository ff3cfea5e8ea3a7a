/* SPDX-License-Identifier: MIT */
/*
 * variant.c - values to and from VARIANTs, in exactly the types that WMI documents
 *
 * uint8 is VT_UI1; sint8, sint16 and char16 are VT_I2; uint16, sint32 and uint32 are VT_I4; 64-bit
 * numbers are decimal text. Putting a value is as strict: real WMI converts some other types, but
 * a program that relies on it is not written to the documentation.
 */
#include <stdio.h>
#include <string.h>

#include "com.h"
#include "heap.h"

char *utf8_new(const WCHAR *text)
{
	int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
	char *result = heap_alloc((size_t)(size > 0 ? size : 1));

	if (size > 0)
		WideCharToMultiByte(CP_UTF8, 0, text, -1, result, size, NULL, NULL);
	return result;
}

BSTR bstr_new(const char *text)
{
	size_t length = strlen(text);
	BSTR result = SysAllocStringLen(NULL, (UINT)length); /* never shorter than the UTF-16 */
	int size;

	for (size_t i = 0; result && i < length; i++) {
		if ((unsigned char)text[i] >= 0x80) { /* rare: do it again, properly */
			SysFreeString(result);
			size = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
			result = SysAllocStringLen(NULL, (UINT)(size - 1));
			if (result)
				MultiByteToWideChar(CP_UTF8, 0, text, -1, result, size);
			return result;
		}
		result[i] = (WCHAR)text[i];
	}
	return result;
}

static VARTYPE variant_type(unsigned type)
{
	switch (type & ~(unsigned)LISTED) {
	case TYPE_BOOLEAN:
		return VT_BOOL;
	case TYPE_UINT8:
		return VT_UI1;
	case TYPE_SINT8:
	case TYPE_SINT16:
	case TYPE_CHAR16:
		return VT_I2;
	case TYPE_UINT16:
	case TYPE_SINT32:
	case TYPE_UINT32:
		return VT_I4;
	case TYPE_REAL32:
		return VT_R4;
	case TYPE_REAL64:
		return VT_R8;
	case TYPE_OBJECT:
		return VT_UNKNOWN;
	default:
		return VT_BSTR;
	}
}

static BSTR number_text(unsigned type, int64_t number)
{
	char text[32];

	if ((type & ~(unsigned)LISTED) == TYPE_UINT64)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	else
		snprintf(text, sizeof(text), "%lld", (long long)number);
	return bstr_new(text);
}

static void put_number(VARIANT *variant, unsigned type, int64_t number)
{
	V_VT(variant) = variant_type(type);
	switch (V_VT(variant)) {
	case VT_BOOL:
		V_BOOL(variant) = number ? VARIANT_TRUE : VARIANT_FALSE;
		break;
	case VT_UI1:
		V_UI1(variant) = (BYTE)number;
		break;
	case VT_I2:
		V_I2(variant) = (SHORT)number;
		break;
	case VT_I4:
		V_I4(variant) = (LONG)(uint32_t)number;
		break;
	case VT_R4:
		V_R4(variant) = (FLOAT)number;
		break;
	case VT_R8:
		V_R8(variant) = (DOUBLE)number;
		break;
	default:
		V_BSTR(variant) = number_text(type, number);
		break;
	}
}

static HRESULT put_element(
	SAFEARRAY *array, LONG index, unsigned type, const struct value *value, const char **text)
{
	IWbemClassObject *object;
	HRESULT result;
	VARIANT element;
	BSTR copy;

	if (value->kind == VALUE_OBJECTS) {
		object = object_new(value->objects[index]->class, value->objects[index], NULL);
		result = SafeArrayPutElement(array, &index, object);
		IWbemClassObject_Release(object);
		return result;
	}
	if (value->kind == VALUE_TEXTS) {
		copy = bstr_new(*text);
		*text += strlen(*text) + 1;
		result = SafeArrayPutElement(array, &index, copy);
		SysFreeString(copy);
		return result;
	}
	put_number(&element, type, value->numbers[index]);
	result = SafeArrayPutElement(array, &index,
		V_VT(&element) == VT_BSTR ? (void *)V_BSTR(&element) : &V_I4(&element));
	VariantClear(&element);
	return result;
}

static HRESULT put_list(VARIANT *variant, unsigned type, const struct value *value)
{
	SAFEARRAY *array = SafeArrayCreateVector(variant_type(type), 0, value->count);
	const char *text = value->kind == VALUE_TEXTS ? value->text : NULL;
	HRESULT result = array ? S_OK : E_OUTOFMEMORY;

	for (LONG i = 0; SUCCEEDED(result) && i < (LONG)value->count; i++)
		result = put_element(array, i, type, value, &text);
	if (FAILED(result)) {
		SafeArrayDestroy(array);
		return result;
	}
	V_VT(variant) = VT_ARRAY | variant_type(type);
	V_ARRAY(variant) = array;
	return S_OK;
}

HRESULT variant_from_value(VARIANT *variant, unsigned type, const struct value *value)
{
	V_VT(variant) = VT_NULL;
	switch (value ? (enum value_kind)value->kind : VALUE_NULL) {
	case VALUE_NULL:
		return S_OK;
	case VALUE_NUMBER:
		put_number(variant, type, value->number);
		return S_OK;
	case VALUE_REAL:
		V_VT(variant) = VT_R8;
		V_R8(variant) = value->real;
		return S_OK;
	case VALUE_TEXT:
		V_VT(variant) = VT_BSTR;
		V_BSTR(variant) = bstr_new(value->text);
		return S_OK;
	case VALUE_OBJECT:
		V_VT(variant) = VT_UNKNOWN;
		V_UNKNOWN(variant) =
			(IUnknown *)object_new(value->object->class, value->object, NULL);
		return S_OK;
	default:
		return put_list(variant, type, value);
	}
}

static sim_status text_to_number(const char *text, int64_t *number)
{
	return parse_number(text, number) ? SIM_OK : SIM_TYPE_MISMATCH;
}

static sim_status read_scalar(
	struct value *value, unsigned type, VARTYPE is, const void *data, void **kept)
{
	sim_status status = SIM_OK;

	value->kind = VALUE_NUMBER;
	switch (is) {
	case VT_BOOL:
		value->number = *(const VARIANT_BOOL *)data != VARIANT_FALSE;
		break;
	case VT_UI1:
		value->number = *(const BYTE *)data;
		break;
	case VT_I2:
		value->number = *(const SHORT *)data;
		break;
	case VT_I4:
		value->number = *(const LONG *)data;
		if (type == TYPE_UINT32)
			value->number &= 0xffffffff;
		break;
	case VT_BSTR:
		*kept = utf8_new(*(const BSTR *)data ? *(const BSTR *)data : L"");
		value->text = *kept;
		value->kind = VALUE_TEXT;
		if (type == TYPE_UINT64 || type == TYPE_SINT64) {
			status = text_to_number(*kept, &value->number);
			value->kind = VALUE_NUMBER;
		}
		break;
	default:
		return SIM_TYPE_MISMATCH;
	}
	if (type == TYPE_UINT16 && value->kind == VALUE_NUMBER &&
		(value->number < 0 || value->number > 0xffff))
		return SIM_TYPE_MISMATCH;
	return status;
}

static sim_status read_texts(
	struct value *value, SAFEARRAY *array, LONG first, LONG last, void **kept)
{
	struct buffer texts = {0};

	value->kind = VALUE_TEXTS;
	for (LONG i = first; i <= last; i++) {
		BSTR item = NULL;
		char *text;

		if (FAILED(SafeArrayGetElement(array, &i, &item)))
			break;
		text = utf8_new(item ? item : L"");
		buffer_add(&texts, text, strlen(text) + 1);
		heap_free(text);
		SysFreeString(item);
		value->count++;
	}
	buffer_add(&texts, "", 0);
	value->text = *kept = texts.text;
	return SIM_OK;
}

static sim_status read_numbers(
	struct value *value, unsigned type, SAFEARRAY *array, LONG first, LONG last, void **kept)
{
	int64_t *numbers = *kept = heap_alloc(((size_t)(last - first) + 2) * sizeof(*numbers));

	value->kind = VALUE_NUMBERS;
	value->numbers = numbers;
	for (LONG i = first; i <= last; i++) {
		struct value one = {0};
		int64_t raw = 0;
		void *unused = NULL;

		if (FAILED(SafeArrayGetElement(array, &i, &raw)))
			return SIM_TYPE_MISMATCH;
		if (read_scalar(&one, type, variant_type(type), &raw, &unused) != SIM_OK)
			return SIM_TYPE_MISMATCH;
		numbers[value->count++] = one.number;
	}
	return SIM_OK;
}

sim_status value_from_variant(
	struct value *value, unsigned type, const VARIANT *variant, void **kept)
{
	unsigned element = type & ~(unsigned)LISTED;
	LONG first = 0, last = -1;
	SAFEARRAY *array;

	*kept = NULL;
	value->kind = VALUE_NULL;
	value->count = 0;
	if (!variant || V_VT(variant) == VT_NULL)
		return SIM_OK;
	if (!(type & LISTED))
		return V_VT(variant) == variant_type(type) && element != TYPE_OBJECT
			       ? read_scalar(value, type, V_VT(variant), &V_I4(variant), kept)
			       : SIM_TYPE_MISMATCH;
	if (V_VT(variant) != (VT_ARRAY | variant_type(type)) || element == TYPE_OBJECT)
		return SIM_TYPE_MISMATCH;
	array = V_ARRAY(variant);
	if (!array || SafeArrayGetDim(array) != 1)
		return SIM_TYPE_MISMATCH;
	SafeArrayGetLBound(array, 1, &first);
	SafeArrayGetUBound(array, 1, &last);
	if (variant_type(type) == VT_BSTR && element != TYPE_UINT64 && element != TYPE_SINT64)
		return read_texts(value, array, first, last, kept);
	if (variant_type(type) == VT_BSTR)
		return SIM_TYPE_MISMATCH; /* lists of 64-bit numbers: nothing in the table has them
					   */
	return read_numbers(value, element, array, first, last, kept);
}
