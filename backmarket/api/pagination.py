from rest_framework import pagination


class CursorPagination(pagination.CursorPagination):
    """Cursors everywhere: pages neither skip nor repeat rows while the list grows. `page_size` up to 100."""

    page_size = 24
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering = "-id"
