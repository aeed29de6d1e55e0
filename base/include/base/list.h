/* SPDX-License-Identifier: MIT */
/*
 * The intrusive list: doubly linked, the link lives in the object, so that nothing is allocated and an object can leave
 * its list in constant time without knowing which one it is in.
 *
 * Invariants: a link is in at most one list. `next` and `previous` of a link are both NULL (in no list; zeroed memory is
 * such a link) or both set. The list's own link closes the circle: an empty list points at itself, and for every
 * link in it `link->next->previous == link`. Inserting a link that is in a list, or removing one that is in none, is
 * asserted. The list owns nothing: an object must leave it before its memory ends.
 *
 * A field of type struct list_link says which list it is for, the list says what it holds and who guards it:
 *
 *	struct child { struct list_link of_sandbox; ... };
 *	struct list children;                               (of struct child by of_sandbox; the entrypoint's thread only)
 *
 *	list_for_each(child, &sandbox->children, struct child, of_sandbox)
 *		child_report(child);
 */
#pragma once

#include <base/assert.h>
#include <base/types.h>

struct list_link {
	struct list_link *next, *previous;
};

struct list {
	struct list_link head;
};

/* For statics: static struct list list = LIST_INIT(list). */
#define LIST_INIT(list) { .head = { &(list).head, &(list).head } }

static inline void list_init(struct list *list)
{
	list->head.next = list->head.previous = &list->head;
}

static inline bool list_is_empty(struct list const *list)
{
	return list->head.next == &list->head;
}

static inline bool list_is_linked(struct list_link const *link)
{
	return link->next != NULL;
}

/* Puts `link` before `place`, a link in a list or a list's own. */
static inline void list_insert_before(struct list_link *place, struct list_link *link)
{
	assert(!list_is_linked(link) && list_is_linked(place));
	link->next = place;
	link->previous = place->previous;
	place->previous->next = link;
	place->previous = link;
}

static inline void list_append(struct list *list, struct list_link *link)
{
	list_insert_before(&list->head, link);
}

static inline void list_prepend(struct list *list, struct list_link *link)
{
	list_insert_before(list->head.next, link);
}

static inline void list_remove(struct list_link *link)
{
	assert(list_is_linked(link) && link->next->previous == link && link->previous->next == link);
	link->next->previous = link->previous;
	link->previous->next = link->next;
	link->next = link->previous = NULL;
}

/* The neighbours; NULL at the ends. */
static inline struct list_link *list_first(struct list const *list)
{
	return list_is_empty(list) ? NULL : list->head.next;
}

static inline struct list_link *list_last(struct list const *list)
{
	return list_is_empty(list) ? NULL : list->head.previous;
}

static inline struct list_link *list_next(struct list const *list, struct list_link const *link)
{
	return link->next == &list->head ? NULL : link->next;
}

static inline struct list_link *list_previous(struct list const *list, struct list_link const *link)
{
	return link->previous == &list->head ? NULL : link->previous;
}

/* Takes the first link out and returns it; NULL from an empty list. */
static inline struct list_link *list_take_first(struct list *list)
{
	struct list_link *link = list_first(list);

	if (link)
		list_remove(link);
	return link;
}

/* Moves all that is in `from` to the end of `to`. */
static inline void list_append_all(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->head.next->previous = to->head.previous;
	to->head.previous->next = from->head.next;
	from->head.previous->next = &to->head;
	to->head.previous = from->head.previous;
	list_init(from);
}

/* Linear: for tests and asserts. */
static inline size_t list_length(struct list const *list)
{
	size_t length = 0;

	for (struct list_link *link = list->head.next; link != &list->head; link = link->next)
		length++;
	return length;
}

/* The object around a link that may be NULL. */
#define list_object(link, type, member) ({                                                    \
	struct list_link *list_link_ = (link);                                                    \
	list_link_ ? container_of(list_link_, type, member) : (type *)NULL;                       \
})

#define list_first_object(list, type, member) list_object(list_first(list), type, member)

/* Visits the objects in order and declares `object`. The body may not remove `object`; break leaves. */
#define list_for_each(object, list, type, member)                                             \
	for (type *object = list_first_object(list, type, member); object;                        \
	     object = list_object(list_next(list, &object->member), type, member))

/* The same; the body may remove and even free `object`, but not the one behind it. */
#define list_for_each_safe(object, list, type, member)                                        \
	for (type *object = list_first_object(list, type, member), *object##_next_;               \
	     object && (object##_next_ = list_object(list_next(list, &object->member), type, member), 1); \
	     object = object##_next_)
