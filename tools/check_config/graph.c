/* SPDX-License-Identifier: MIT */
/*
 * The tree and its sessions as SVG: each child a box in the box of its init, each session an arrow from the client to the child that
 * provides it. What core provides is a row of words in the client's box, so that only what is between children is drawn.
 */
#include "check.h"
#include <base/string.h>

enum { CHAR = 7, LINE = 16, PAD = 10, GAP = 28, WIDTH_MIN = 120 };

/* Where a child's box is drawn; parallel to the children of its level. */
struct box {
	struct box         *next;
	struct child const *child;
	int                 x, y, width, height;
};

static struct box *boxes;

static struct box *box_of(struct child const *child)
{
	struct box *box = boxes;

	while (box && box->child != child)
		box = box->next;
	return box;
}

/* --- Text --- */

static void print_escaped(FILE *to, char const *text)
{
	for (; *text; text++) {
		if (*text == '<' || *text == '&' || *text == '"')
			fprintf(to, "&#%d;", *text);
		else
			fputc(*text, to);
	}
}

static void print_text(FILE *to, int x, int y, char const *kind, char const *text)
{
	fprintf(to, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, kind);
	print_escaped(to, text);
	fprintf(to, "</text>\n");
}

static char const *quota_text(struct child const *child)
{
	return text_of("%luK of %luK, %lu of %lu caps", child->need.ram / 1024, child->start->ram.value / 1024, child->need.caps, child->start->caps.value);
}

/* "LOG ROM CPU": what core provides to it. */
static char const *core_text(struct child const *child)
{
	char const *text = "";

	for (struct request const *request = child->requests; request; request = request->next) {
		if (request->path.end == PATH_CORE && request->declared && !string_find_text(text, request->path.service))
			text = text_of("%s%s%s", text, *text ? " " : "core: ", request->path.service);
	}
	return text;
}

/* --- Layout: children of a level one below the other, deeper levels inside --- */

static void move(struct level const *level, int x, int y)
{
	for (unsigned i = 0; i < level->config.start_count; i++) {
		struct box *box = box_of(&level->children[i]);

		box->x += x;
		box->y += y;
		if (level->children[i].inside)
			move(level->children[i].inside, x, y);
	}
}

/* Places the children of the level below (0, 0); at most as deep as inits are nested. */
static void layout(struct level const *level, int *width, int *height)
{
	*width = WIDTH_MIN;
	*height = 0;
	for (unsigned i = 0; i < level->config.start_count; i++) {
		struct child const *child = &level->children[i];
		int                 inner_width = 0, inner_height = 0;
		size_t const        below = MAX(strlen(quota_text(child)), strlen(core_text(child))), letters = MAX(strlen(child->start->name), below);
		struct box         *box;

		NEW(box);
		*box = (struct box) { .next = boxes, .child = child, .y = *height, .width = MAX((int)letters * CHAR + 2 * PAD, WIDTH_MIN), .height = 3 * LINE + PAD };
		boxes = box;
		if (child->inside) {
			layout(child->inside, &inner_width, &inner_height);
			move(child->inside, PAD, box->y + box->height);
			box->width = MAX(box->width, inner_width + 2 * PAD + GAP);
			box->height += inner_height;
		}
		*width = MAX(*width, box->width);
		*height += box->height + GAP;
	}
}

/* --- Drawing --- */

static void draw_level(FILE *to, struct level const *level)
{
	for (unsigned i = 0; i < level->config.start_count; i++) {
		struct child const *child = &level->children[i];
		struct box const   *box   = box_of(child);

		fprintf(to, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n", box->x, box->y, box->width, box->height);
		print_text(to, box->x + PAD, box->y + LINE, "name", child->start->name);
		print_text(to, box->x + PAD, box->y + 2 * LINE, "quota", quota_text(child));
		print_text(to, box->x + PAD, box->y + 3 * LINE, "quota", core_text(child));
		if (child->inside)
			draw_level(to, child->inside);
	}
}

/* An arc on the right, the wider the further apart they are; red if it is denied. */
static void draw_session(FILE *to, struct child const *child, struct request const *request, int edge)
{
	struct box const *client = box_of(child), *server = request->path.server ? box_of(request->path.server) : NULL;
	bool const        denied = request->path.end == PATH_DENIED;
	int               y, end, bend;

	if (!denied && request->path.end != PATH_CHILD)
		return;
	y = client->y + LINE;
	if (!server || server == client) {
		print_text(to, client->x + client->width + PAD, y, "denied", text_of("%s: %s", request->path.service, status_name(request->path.reason)));
		return;
	}
	end = server->y + LINE;
	bend = edge + GAP + (y > end ? y - end : end - y) / 4;
	fprintf(to, "<path d=\"M%d %d C%d %d %d %d %d %d\" class=\"%s\" marker-end=\"url(#arrow)\"/>\n", client->x + client->width, y, bend, y, bend, end,
	        server->x + server->width + 2, end, denied ? "denied" : "session");
	print_text(to, (edge + 3 * bend) / 4, (y + end) / 2, denied ? "denied" : "label",
	           request->label[0] ? text_of("%s \"%s\"", request->path.service, request->label) : request->path.service);
}

void graph_write(FILE *to)
{
	int width, height;

	layout(levels, &width, &height);
	move(levels, PAD, 2 * LINE + PAD);
	fprintf(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", width + height / 3 + 300,
	        height + 4 * LINE);
	fprintf(to, "<style>rect { fill: #f4f6f8; fill-opacity: .6; stroke: #345; } .name { font-weight: bold; } .quota { fill: #567; font-size: 11px; } "
	            ".label { fill: #06c; } path { fill: none; } path.session { stroke: #06c; } path.denied { stroke: #c00; stroke-dasharray: 4; } text.denied { fill: #c00; }</style>\n"
	            "<defs><marker id=\"arrow\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8\" stroke=\"#06c\"/></marker></defs>\n");
	print_text(to, PAD, LINE, "name", text_of("%s (%s)", levels->label, levels->config.file));
	draw_level(to, levels);
	for (struct level const *level = levels; level; level = level->next) {
		for (unsigned i = 0; i < level->config.start_count; i++) {
			for (struct request const *request = level->children[i].requests; request; request = request->next)
				draw_session(to, &level->children[i], request, width + PAD);
		}
	}
	fprintf(to, "</svg>\n");
}
