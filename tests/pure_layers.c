/* SPDX-License-Identifier: Apache-2.0 */
/* Linking this program is the test; see tests/meson.build. */
#include "core/domain.h"

int main(void)
{
    return domain_is_ours("<domain/>") ? 1 : 0;
}
