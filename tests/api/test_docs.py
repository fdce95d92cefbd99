"""The documentation page shows every route and trusts no text."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel

from kaikou.api.docs import render


class Order(BaseModel):
    """What is wanted."""

    name: str
    amount: int | None = None
    parts: list[Order] = []


def test_every_operation_is_there_with_its_shapes() -> None:
    app = FastAPI(title="A <b>title</b>", description="Uses `code`.\n\nAnd a second paragraph.")

    @app.post("/orders/{order_id}", tags=["orders"], summary="Order <it>")
    def order(order_id: str, body: Order, urgent: bool = False) -> Order:
        return body

    page = render(app.openapi())
    assert "/orders/{order_id}" in page and ">POST<" in page
    assert "urgent" in page and "&quot;amount&quot;: &quot;integer&quot;" in page
    assert "<code>code</code>" in page
    assert "<b>title" not in page and "Order &lt;it&gt;" in page
