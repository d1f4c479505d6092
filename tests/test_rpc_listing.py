"""
What ListJobs is asked, and how it answers.
"""

from __future__ import annotations

from hypothesis import given

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as pb
from jobworker.jobs import Cause, Record
from jobworker.queries import Page, Query
from jobworker.rpc.listing import listOf, parseQuery
from jobworker.rpc.parsing import BadRequest
from tests.contracts import exampleRecord
from tests.strategies import records


class ListingTests(SynchronousTestCase):
    """
    Requests become queries, and pages become answers.
    """

    def test_queries(self) -> None:
        """
        What is not said does not matter.
        """
        stopped = frozenset(
            {Cause.STOPPED, Cause.LOG_LIMIT, Cause.TIMED_OUT, Cause.IDLE}
        )
        rows = [
            (pb.ListRequest(), Query()),
            (pb.ListRequest(states=[pb.RUNNING]), Query(causes=frozenset())),
            (pb.ListRequest(states=[pb.STOPPED]), Query(running=False, causes=stopped)),
            (
                pb.ListRequest(states=[pb.LOST, pb.RUNNING, pb.LOST]),
                Query(causes=frozenset({Cause.LOST})),
            ),
            (pb.ListRequest(owner="alice"), Query(owner="alice")),
            (
                pb.ListRequest(started_after=5, started_before=7),
                Query(after=5, before=7),
            ),
            (pb.ListRequest(id_prefix="0b5e-"), Query(prefix="0b5e-")),
            (
                pb.ListRequest(
                    labels={"b": "2", "a": ""}, label_names=["c"], name="night"
                ),
                Query(labels=(("a", ""), ("b", "2"), ("c", None)), name="night"),
            ),
            (pb.ListRequest(page_size=7), Query(limit=7)),
            (pb.ListRequest(page_size=2**31 - 1), Query(limit=1000)),
        ]
        for request, query in rows:
            self.assertEqual(parseQuery(request), query)

    def test_bad(self) -> None:
        """
        What makes no sense is refused, with the field that is to blame.
        """
        rows = [
            (pb.ListRequest(states=[77]), "states"),  # type: ignore[list-item]
            (pb.ListRequest(id_prefix="A"), "id_prefix"),
            (pb.ListRequest(id_prefix="%"), "id_prefix"),
            (pb.ListRequest(id_prefix="0" * 37), "id_prefix"),
            (pb.ListRequest(name="not a name"), "name"),
            (pb.ListRequest(labels={'a"b': ""}), "labels"),
            (pb.ListRequest(label_names=["-"]), "label_names"),
            (pb.ListRequest(label_names=map(str, range(65))), "labels"),
            (pb.ListRequest(page_size=-1), "page_size"),
            (pb.ListRequest(page_token="x"), "page_token"),
            (pb.ListRequest(page_token="é"), "page_token"),
            (pb.ListRequest(page_token="AAAA"), "page_token"),
        ]
        for request, field in rows:
            with self.assertRaises(BadRequest) as caught:
                parseQuery(request)
            self.assertEqual(caught.exception.field, field)

    @given(records)
    def test_token(self, record: Record) -> None:
        """
        A token leads behind the last job of the page that it came with.
        """
        token = listOf(Page((exampleRecord(), record), True)).next_page_token
        query = parseQuery(pb.ListRequest(page_token=token))
        self.assertEqual(query, Query(behind=(record.started, record.identifier)))

    def test_last(self) -> None:
        """
        With the last page there comes no token.
        """
        self.assertEqual(listOf(Page()), pb.JobList())
        self.assertEqual(listOf(Page((exampleRecord(),))).next_page_token, "")
