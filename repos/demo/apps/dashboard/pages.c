/* SPDX-License-Identifier: MIT */
/* The files of the page; see pages.h, and component.mk for when this is compiled anew. */
#include "pages.h"

#define PAGE_FILE(name, file)                                                                                                \
	__asm__(".section .rodata\n" #name "_data: .incbin \"repos/demo/apps/dashboard/page/" file "\"\n" #name "_end: .byte 0\n.previous"); \
	extern char const name##_data[] __attribute__((visibility("hidden"))), name##_end[] __attribute__((visibility("hidden")))

PAGE_FILE(index_html, "index.html");
PAGE_FILE(style_css, "style.css");
PAGE_FILE(page_js, "page.js");
PAGE_FILE(icon_svg, "icon.svg");

struct page const pages[] = {
	{ "/", "text/html; charset=utf-8", index_html_data, index_html_end },
	{ "/style.css", "text/css; charset=utf-8", style_css_data, style_css_end },
	{ "/page.js", "text/javascript; charset=utf-8", page_js_data, page_js_end },
	{ "/icon.svg", "image/svg+xml", icon_svg_data, icon_svg_end },
};

size_t const page_count = sizeof(pages) / sizeof(*pages);
