/* SPDX-License-Identifier: MIT */
/* Conversions, <math.h> */
#include "checks.h"

#include <complex.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

void check_numbers(void)
{
	char *end;

	SHOW("%d", atoi("  -42xyz"));
	SHOW("%ld", strtol("0x1fz", &end, 0));
	SHOW("%s", end);
	SHOW("%ld", strtol("777", NULL, 8));
	SHOW("%ld", strtol("zz", NULL, 36));
	errno = 0;
	SHOW("%d", strtol("99999999999999999999", NULL, 10) == LONG_MAX);
	SHOW("%d", errno == ERANGE);
	SHOW("%" PRIu64, (uint64_t)strtoull("18446744073709551615", NULL, 10));
	SHOW("%lld", strtoll("-9223372036854775808", NULL, 10));
	SHOW("%a", strtod("0.1", NULL));
	SHOW("%a", strtod("1e308", NULL));
	SHOW("%d", strtod("4.9406564584124654e-324", NULL) == ldexp(1, -1074));
	SHOW("%f", strtod("inf", NULL));
	SHOW("%d", isnan(strtod("nan", NULL)) != 0);
	SHOW("%a", strtod("0x1.8p3", &end));
	SHOW("%.17g", strtod("123456789012345678", NULL));
	SHOW("%a", (double)strtof("3.14159265", NULL));
	SHOW("%.20Lg", strtold("3.14159265358979323846", NULL));
	SHOW("%d %d", div(-7, 2).quot, div(-7, 2).rem);
	SHOW("%ld %ld", ldiv(1000000007, 10).quot, ldiv(1000000007, 10).rem);
	SHOW("%d", abs(-5));
	SHOW("%" PRIdMAX, imaxabs(INTMAX_MIN + 1));
	SHOW("%ld", labs(-123456789L));
}

/* Those that must be exact: as IEEE 754 says, or exact by their nature. */
static void check_exact(double x)
{
	int    exponent;
	double whole;

	SHOW("%a", sqrt(x));
	SHOW("%a", floor(-x));
	SHOW("%a", ceil(x));
	SHOW("%a", trunc(-x));
	SHOW("%a", round(x));
	SHOW("%a", rint(x));
	SHOW("%ld", lround(-x));
	SHOW("%lld", llrint(x));
	SHOW("%a", fabs(-x));
	SHOW("%a", fmod(x, 0.7));
	SHOW("%a", remainder(x, 0.7));
	SHOW("%a", frexp(x, &exponent));
	SHOW("%d", exponent);
	SHOW("%a", ldexp(x, -1000));
	SHOW("%a", modf(x, &whole));
	SHOW("%a", whole);
	SHOW("%a", fma(x, x, -x));
	SHOW("%a", nextafter(x, 10));
	SHOW("%a", copysign(x, -0.0));
	SHOW("%a", fmax(x, NAN));
	SHOW("%a", fdim(x, 5));
	SHOW("%a", logb(x));
	SHOW("%d", ilogb(x));
	SHOW("%a", scalbn(x, 7));
	SHOW("%d", signbit(-x) != 0);
	SHOW("%d", fpclassify(x) == FP_NORMAL);
	SHOW("%d", fpclassify(DBL_MIN / 4) == FP_SUBNORMAL);
}

/* Those that may differ in the last place: ten digits agree. */
static void check_close(double x)
{
	SHOW("%.10g", sin(x));
	SHOW("%.10g", cos(x));
	SHOW("%.10g", tan(x));
	SHOW("%.10g", asin(1 / x));
	SHOW("%.10g", acos(1 / x));
	SHOW("%.10g", atan(x));
	SHOW("%.10g", atan2(x, -2));
	SHOW("%.10g", sinh(x));
	SHOW("%.10g", cosh(x));
	SHOW("%.10g", tanh(x));
	SHOW("%.10g", asinh(x));
	SHOW("%.10g", acosh(x));
	SHOW("%.10g", atanh(1 / x));
	SHOW("%.10g", exp(x));
	SHOW("%.10g", exp2(x));
	SHOW("%.10g", expm1(x));
	SHOW("%.10g", log(x));
	SHOW("%.10g", log2(x));
	SHOW("%.10g", log10(x));
	SHOW("%.10g", log1p(x));
	SHOW("%.10g", pow(x, 3.5));
	SHOW("%.10g", cbrt(x));
	SHOW("%.10g", hypot(x, 4));
	SHOW("%.10g", tgamma(x));
	SHOW("%.10g", lgamma(x));
	SHOW("%.10g", erf(x / 4));
	SHOW("%.10g", erfc(x / 4));
	SHOW("%.10g", j0(x));
	SHOW("%.10g", (double)sinf((float)x));
	SHOW("%.10Lg", expl((long double)x));
	SHOW("%.10g", cabs(x + 4 * I));
	SHOW("%.10g", creal(csqrt(x * I)));
}

void check_math(void)
{
	check_exact(2.5);
	check_close(2.75);
	SHOW("%f", INFINITY);
	SHOW("%d", isnan(sqrt(-1)) != 0);
	SHOW("%d", isinf(exp(1000)) != 0);
	SHOW("%.10g", pow(0, 0));
}
