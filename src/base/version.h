/*
 * The product's version, set by the build from meson.build's project().
 */
#pragma once

#ifndef BOREALIS_VERSION
#define BOREALIS_VERSION "unknown"
#endif
