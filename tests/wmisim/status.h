/* SPDX-License-Identifier: MIT */
/*
 * status.h - the results WMI gives, for the part of the simulator that knows no Windows
 *
 * The numbers are those of WBEMSTATUS (wbemcli.h) and, for the last ones, of COM and RPC.
 */
#ifndef WMISIM_STATUS_H
#define WMISIM_STATUS_H

#include <stdint.h>

typedef uint32_t sim_status;

#define SIM_OK                        0u
#define SIM_FALSE                     1u
#define SIM_TIMED_OUT                 0x00040004u
#define SIM_NO_MORE_DATA              0x00040005u
#define SIM_FAILED                    0x80041001u
#define SIM_NOT_FOUND                 0x80041002u
#define SIM_ACCESS_DENIED             0x80041003u
#define SIM_TYPE_MISMATCH             0x80041005u
#define SIM_INVALID_PARAMETER         0x80041008u
#define SIM_NOT_SUPPORTED             0x8004100cu
#define SIM_INVALID_NAMESPACE         0x8004100eu
#define SIM_INVALID_CLASS             0x80041010u
#define SIM_PROVIDER_LOAD_FAILURE     0x80041013u
#define SIM_INVALID_OPERATION         0x80041016u
#define SIM_INVALID_QUERY             0x80041017u
#define SIM_INVALID_QUERY_TYPE        0x80041018u
#define SIM_ILLEGAL_OPERATION         0x8004101eu
#define SIM_UNEXPECTED                0x8004101du
#define SIM_READ_ONLY                 0x80041023u
#define SIM_INVALID_METHOD            0x8004102eu
#define SIM_INVALID_METHOD_PARAMETERS 0x8004102fu
#define SIM_CALL_CANCELLED            0x80041032u
#define SIM_INVALID_OBJECT_PATH       0x8004103au
#define SIM_METHOD_NOT_IMPLEMENTED    0x80041055u
#define SIM_UNPARSABLE_QUERY          0x80041058u
#define SIM_NOT_EVENT_CLASS           0x80041059u
#define SIM_LOCAL_CREDENTIALS         0x80041064u
#define SIM_QUOTA_VIOLATION           0x8004106cu
#define SIM_REGISTRATION_TOO_BROAD    0x80042001u
#define SIM_REGISTRATION_TOO_PRECISE  0x80042002u
#define SIM_SERVER_UNAVAILABLE        0x800706bau
#define SIM_CALL_FAILED               0x800706beu
#define SIM_SERVICE_DISABLED          0x80070422u
#define SIM_NO_INTERFACE              0x80004002u
#define SIM_BAD_POINTER               0x80004003u

#endif
