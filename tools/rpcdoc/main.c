/* SPDX-License-Identifier: MIT */
/*
 * rpcdoc [-I DIRECTORY]... OUTPUT_DIRECTORY INPUT...: makes the reference of interfaces, for each file a page NAME.html and a
 * manual page NAME.3, and an index.html. It shares the phases of rpcgen up to check.c and adds nothing to what the files
 * say but sizes and hashes. With -x instead, OUTPUT_DIRECTORY is the path of the XML document that xml.c writes.
 */
#include "rpcdoc.h"

#include <string.h>

static FILE *page;
static char const *output_directory;

/* --- Names and places --- */

/* "account" for "account/account.rpc" */
static char const *base_name(struct file const *file)
{
	char const *slash = strrchr(file->name, '/');
	char const *name  = slash ? slash + 1 : file->name;

	return text_format("%.*s", (int)strlen(name) - 4, name);
}

static void open_file(char const *path)
{
	page = fopen(path, "w");
	if (!page)
		fail(NULL, "cannot write %s", path);
}

static void open_page(char const *name)
{
	open_file(text_format("%s/%s", output_directory, name));
}

static void close_page(char const *name)
{
	if (ferror(page) | fclose(page))
		fail(NULL, "cannot write %s", name);
}

static char const *kind_of(struct decl const *decl)
{
	static char const *const kinds[] = { "Constant", "Enum", "Struct", "Session", "Object" };

	return kinds[decl->kind];
}

/* The first sentence, on one line. */
static char const *summary(char const *doc)
{
	char *text = text_format("%s", doc ? doc : "");

	for (char *c = text; *c; c++) {
		if (c[0] == '.' && (c[1] == ' ' || c[1] == '\n'))
			c[1] = '\0';
		else if (c[0] == '\n')
			*c = ' ';
	}
	return text;
}

char const *cost_of(struct decl const *decl)
{
	char const   *text  = text_format("%s", "");
	struct token *token = decl->begin;

	while (token < decl->end && !(text_is(token->text, "cost") && text_is(token[1].text, "{")))
		token++;
	for (token += 2; token < decl->end && !text_is(token->text, "}"); token++) {
		bool const tight = !*text || strchr(";()", *token->text) || text[strlen(text) - 1] == '(';

		text = text_format("%s%s%s", text, tight ? "" : " ", token->text);
	}
	return text;
}

/* --- HTML --- */

/* Escapes, makes paragraphs of what is between empty lines and code of what is between backquotes. */
static void html_text(char const *text)
{
	bool is_code = false;

	for (char const *c = text ? text : ""; *c; c++) {
		if (*c == '`') {
			fputs(is_code ? "</code>" : "<code>", page);
			is_code = !is_code;
		} else if (c[0] == '\n' && c[1] == '\n') {
			fputs("</p>\n<p>", page);
			c++;
		} else if (strchr("&<>", *c)) {
			fputs(*c == '&' ? "&amp;" : *c == '<' ? "&lt;" : "&gt;", page);
		} else {
			fputc(*c, page);
		}
	}
	fputs(is_code ? "</code>" : "", page);
}

static void html_doc(char const *doc, char const *tail)
{
	if (!doc && !tail)
		return;
	fputs("<p>", page);
	html_text(doc ? doc : tail);
	fputs("</p>\n", page);
}

static void html_type(struct type const *type)
{
	char const  *name = type->target ? type->target->text : type->decl ? type->decl->name : NULL;
	struct decl *decl = name ? decl_find(name) : NULL;

	if (decl)
		fprintf(page, "%s<a href=\"%s.html#%s\">%s</a>", type->target ? "cap " : "", base_name(decl->token->file), name, name);
	else
		html_text(type->text);
	if (decl && type->count)
		fprintf(page, "[%u]", type->count);
}

static void html_params(struct fields const *params)
{
	fputc('(', page);
	for (struct item *param = params->first; param; param = param->next) {
		html_type(&param->type);
		fprintf(page, " %s%s", param->name, param->next ? ", " : "");
	}
	fputc(')', page);
}

static void html_fields(struct fields const *fields, char const *what)
{
	if (!fields->first)
		return;
	fprintf(page, "<table><tr><th>%s</th><th>type</th><th>offset</th><th></th></tr>\n", what);
	for (struct item *field = fields->first; field; field = field->next) {
		fprintf(page, "<tr><td>%s</td><td>", field->name);
		html_type(&field->type);
		fprintf(page, "</td><td>%u</td><td>", field->offset);
		html_text(field->doc ? field->doc : field->tail);
		if (field->init)
			fprintf(page, "%sdefault: %s%s", field->doc || field->tail ? "; " : "", field->negative ? "-" : "", field->init->text);
		fputs("</td></tr>\n", page);
	}
	fprintf(page, "</table>\n<p>%u bytes.</p>\n", fields->size);
}

static void html_call(struct decl const *decl, struct item const *call)
{
	fprintf(page, "<h3>%s</h3>\n<p class=\"call\">call %s", call->name, call->name);
	html_params(&call->in);
	if (call->out.first) {
		fputs(" -&gt; ", page);
		html_params(&call->out);
	}
	for (struct item *error = call->errors; error; error = error->next)
		fprintf(page, "%s%s%s", error == call->errors ? " errors(" : ", ", error->name, error->next ? "" : ")");
	fputs("</p>\n", page);
	html_doc(call->doc, NULL);
	fputs("<p class=\"c\">", page);
	html_text(prototype(decl, call));
	fputs("</p>\n", page);
}

static void html_decl(struct decl const *decl)
{
	fprintf(page, "<h2 id=\"%s\">%s %s</h2>\n", decl->name, kind_of(decl), decl->name);
	html_doc(decl->doc != decl->token->file->doc ? decl->doc : NULL, decl->tail);
	if (decl->kind == DECL_CONST)
		fprintf(page, "<p>%llu</p>\n", (unsigned long long)decl->value);
	if (decl->kind == DECL_ENUM)
		fputs("<table><tr><th>value</th><th>name</th><th></th></tr>\n", page);
	for (struct item *value = decl->items; value && decl->kind == DECL_ENUM; value = value->next) {
		fprintf(page, "<tr><td>%llu</td><td>%s</td><td>", (unsigned long long)value->value, value->name);
		html_text(value->doc && value->doc != decl->doc ? value->doc : value->tail);
		fputs(value->next ? "</td></tr>\n" : "</td></tr>\n</table>\n", page);
	}
	if (decl->service)
		fprintf(page, "<p>Service name: <code>%s</code>.</p>\n", decl->service);
	html_fields(&decl->fields, decl->service ? "argument" : "field");
	if (decl->cost_ram)
		fprintf(page, "<p>Costs its client, beyond what every session does: <code>%s</code></p>\n", cost_of(decl));
	for (struct item *call = decl->items; call && decl->kind >= DECL_SESSION; call = call->next)
		html_call(decl, call);
	if (decl->kind >= DECL_SESSION)
		fprintf(page, "<p class=\"hash\">Hash %016llx</p>\n", (unsigned long long)decl->hash);
}

static void html_begin(char const *title)
{
	fprintf(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n<style>\n"
	        "body { max-width: 50em; margin: 2em auto; font-family: sans-serif; line-height: 1.4 }\n"
	        ".call, code { font-family: monospace; background: #f3f3f3 }\n.hash, .c { color: #777 }\n.c { font-family: monospace }\n"
	        "table { border-collapse: collapse } td, th { border: 1px solid #ccc; padding: 0.1em 0.6em; text-align: left }\n"
	        "</style>\n</head>\n<body>\n<h1>%s</h1>\n", title, title);
}

static void html_file(struct file const *file)
{
	char const *name = text_format("%s.html", base_name(file));

	open_page(name);
	html_begin(file->name);
	fputs("<p><a href=\"index.html\">All interfaces</a></p>\n", page);
	html_doc(file->doc, NULL);
	fprintf(page, "<p class=\"call\">#include &lt;%.*s.h&gt;</p>\n", (int)strlen(file->name) - 4, file->name);
	for (struct decl *decl = decls; decl; decl = decl->next)
		if (decl->token->file == file)
			html_decl(decl);
	fputs("</body>\n</html>\n", page);
	close_page(name);
}

static void html_index(void)
{
	open_page("index.html");
	html_begin("Session interfaces");
	fputs("<table><tr><th>interface</th><th>service</th><th>file</th><th></th></tr>\n", page);
	for (struct decl *decl = decls; decl; decl = decl->next) {
		char const *doc = decl->doc ? decl->doc : decl->token->file->doc;

		if (decl->kind < DECL_SESSION)
			continue;
		fprintf(page, "<tr><td><a href=\"%s.html#%s\">%s</a></td><td>%s</td><td>%s</td><td>", base_name(decl->token->file), decl->name,
		        decl->name, decl->service ? decl->service : "", decl->token->file->name);
		html_text(summary(doc));
		fputs("</td></tr>\n", page);
	}
	fputs("</table>\n</body>\n</html>\n", page);
	close_page("index.html");
}

/* --- Manual pages --- */

/* Escapes; a line that would be a request is made none. */
static void man_text(char const *text)
{
	for (char const *c = text ? text : ""; *c; c++) {
		if ((c == text || c[-1] == '\n') && (*c == '.' || *c == '\''))
			fputs("\\&", page);
		if (c[0] == '\n' && c[1] == '\n')
			fputs("\n.PP", page);
		else if (*c == '\\')
			fputs("\\e", page);
		else if (*c == '-')
			fputs("\\-", page);
		else
			fputc(*c, page);
	}
	fputc('\n', page);
}

static char const *man_params(struct fields const *params)
{
	char const *text = "";

	for (struct item *param = params->first; param; param = param->next)
		text = text_format("%s%s%s %s", text, *text ? ", " : "", param->type.text, param->name);
	return text_format("(%s)", text);
}

static void man_item(char const *head, char const *doc, char const *tail)
{
	fputs(".TP\n.B ", page);
	man_text(head);
	man_text(doc ? doc : tail);
}

static void man_call(struct decl const *decl, struct item const *call)
{
	char const *head = text_format("%s%s", call->name, man_params(&call->in));

	if (call->out.first)
		head = text_format("%s -> %s", head, man_params(&call->out));
	for (struct item *error = call->errors; error; error = error->next)
		head = text_format("%s%s%s%s", head, error == call->errors ? " errors(" : ", ", error->name, error->next ? "" : ")");
	man_item(head, call->doc, NULL);
	fputs(".br\n.I ", page);
	man_text(prototype(decl, call));
}

static void man_decl(struct decl const *decl)
{
	fprintf(page, ".SH %s %s\n", text_upper(kind_of(decl)), decl->name);
	if (decl->doc != decl->token->file->doc || decl->tail)
		man_text(decl->tail ? decl->tail : decl->doc);
	if (decl->kind == DECL_CONST)
		fprintf(page, "Value: %llu\n", (unsigned long long)decl->value);
	if (decl->service)
		fprintf(page, "Service name: %s\n", decl->service);
	for (struct item *field = decl->fields.first; field; field = field->next)
		man_item(text_format("%s %s%s%s%s", field->type.text, field->name, field->init ? " = " : "", field->negative ? "-" : "",
		         field->init ? field->init->text : ""), field->doc, field->tail);
	if (decl->cost_ram)
		fprintf(page, ".PP\nCosts its client, beyond what every session does: %s\n", cost_of(decl));
	for (struct item *item = decl->items; item; item = item->next)
		if (decl->kind == DECL_ENUM)
			man_item(text_format("%s = %llu", item->name, (unsigned long long)item->value), item->doc != decl->doc ? item->doc : NULL, item->tail);
		else
			man_call(decl, item);
}

static void man_file(struct file const *file)
{
	char const *name = text_format("%s.3", base_name(file));

	open_page(name);
	fprintf(page, ".TH %s 3 \"\" Banyan \"Banyan interfaces\"\n.ad l\n.nh\n.SH NAME\n%s \\- ", text_upper(base_name(file)), base_name(file));
	man_text(summary(file->doc));
	fprintf(page, ".SH SYNOPSIS\n.B #include <%.*s.h>\n.SH DESCRIPTION\n", (int)strlen(file->name) - 4, file->name);
	man_text(file->doc);
	for (struct decl *decl = decls; decl; decl = decl->next)
		if (decl->token->file == file)
			man_decl(decl);
	close_page(name);
}

/* Reads the files that were not imported by others before them. */
static void read_all(char **paths, char const *const *directories)
{
	for (; *paths; paths++) {
		struct file *file = files;

		while (file && !text_is(file->name, text_import_name(*paths)))
			file = file->next;
		if (!file)
			parse(lex(*paths, text_import_name(*paths), NULL), directories);
	}
	check();
}

static void write_pages(void)
{
	for (struct file *file = files; file; file = file->next)
		for (struct file *other = file->next; other; other = other->next)
			if (text_is(base_name(file), base_name(other)))
				fail(NULL, "%s and %s would have the same page", file->path, other->path);
	for (struct file *file = files; file; file = file->next) {
		html_file(file);
		man_file(file);
	}
	html_index();
}

static char const usage[] = "usage: rpcdoc [-I DIRECTORY]... OUTPUT_DIRECTORY|-x OUTPUT INPUT...";

int main(int argc, char **argv)
{
	char const **directories = allocate(((size_t)argc + 1) * sizeof(*directories));
	int          i, count = 0;
	bool         is_xml;

	if (argc == 2 && text_is(argv[1], "--help")) {
		puts(usage);
		return 0;
	}
	for (i = 1; i + 1 < argc && text_is(argv[i], "-I"); i += 2)
		directories[count++] = argv[i + 1];
	is_xml = i < argc && text_is(argv[i], "-x");
	i += is_xml;
	if (argc - i < 2 || argv[i][0] == '-')
		fail(NULL, "%s", usage);
	read_all(argv + i + 1, directories);
	if (is_xml) {
		open_file(argv[i]);
		write_xml(page);
		close_page(argv[i]);
	} else {
		output_directory = argv[i];
		write_pages();
	}
	return 0;
}
