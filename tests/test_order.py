"""The queue holds everybody once, the blind ones at even distances, copies apart, the least certain first."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.order import Order, arrange, is_blind, positions
from strategies import any_text, messy_text

IDS = [f"s{i}" for i in range(4000)]
OTHERS = """要清理岸线垃圾。 船舶进港须报告吃水。 今年清淤一百万方。 码头缺少消防栓。 设立船员培训基地。
汛期每日巡堤两次。 水位超过警戒线即停航。 拨款修缮老闸门。 渔民转产给予补贴。 救生衣配备率不足四成。
建成航道监测中心。 引进潜水技师。 推动港区岸电改造。 排污口编号不清。 鼓励企业捐建灯塔。 湿地面积不得减少。
风险隐患逐条销号。 到明年底实现直饮水入户。 取水许可网上办理。 严禁夜间采砂。 浮标丢失无人负责。
每个乡镇配一名河长。 水费由村民议定。 桥墩防撞设施老化。 开展溺水急救演练。 修订引航收费办法。
冷库用电价格偏高。 组建水文专家库。 木船逐步淘汰。 雨水收集后浇灌公园。""".split()
COPIES = [f"到20{i:02d}年，全市建成防洪堤{i + 3}公里，投入资金{i * 7}万元。" for i in range(30)]


@st.composite
def queues(draw: st.DrawFn) -> tuple[list[str], list[str], list[float], list[bool]]:
    texts = draw(st.lists(messy_text | any_text, max_size=12))
    rows = st.lists(st.tuples(st.text(), st.floats(0, 1), st.booleans()), min_size=len(texts), max_size=len(texts))
    drawn = draw(rows)
    return [i for i, _, _ in drawn], texts, [c for _, c, _ in drawn], [b for _, _, b in drawn]


@given(queues(), st.sampled_from(Order), st.integers(0, 3))
def test_that_every_sentence_stands_in_the_queue_once_and_the_same_call_gives_the_same_queue(
    rows: tuple[list[str], list[str], list[float], list[bool]], order: Order, seed: int
) -> None:
    ids, texts, confidence, blind = rows
    found = arrange(ids, texts, confidence, order, blind, seed)
    assert sorted(found) == list(range(len(ids)))
    assert arrange(ids, texts, confidence, order, blind, seed) == found


@given(st.integers(1, 60), st.data(), st.sampled_from(Order))
def test_that_the_blind_ones_stand_at_even_distances(n: int, data: st.DataObject, order: Order) -> None:
    blind = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    found = arrange(IDS[:n], OTHERS[:1] * n, [0.5] * n, order, blind)
    hidden = [blind[i] for i in found]
    for done in range(n + 1):  # after any amount of work the share of blind ones is that of the whole, to within one
        assert abs(sum(hidden[:done]) - done * sum(blind) / n) <= 1


def test_that_one_blind_sentence_of_five_stands_in_the_middle() -> None:
    assert arrange(IDS[:5], OTHERS[:5], None, Order.random, [False, True, False, False, False])[2] == 1


@pytest.mark.parametrize("order", Order)
def test_that_the_blind_ones_come_in_an_order_that_confidence_and_text_do_not_change(order: Order) -> None:
    blind = [i % 3 == 0 for i in range(30)]
    rising = arrange(IDS[:30], OTHERS, [i / 30 for i in range(30)], order, blind)
    falling = arrange(IDS[:30], OTHERS[::-1], [1 - i / 30 for i in range(30)], order, blind)
    assert [i for i in rising if blind[i]] == [i for i in falling if blind[i]] != sorted(range(0, 30, 3))


@pytest.mark.parametrize("order", [Order.uncertainty, Order.diverse])
def test_that_copies_of_a_sentence_with_other_figures_are_apart(order: Order) -> None:
    confidence = [0.01] * 30 + [0.02] * 30  # by confidence alone the copies would be the first thirty
    found = arrange(IDS[:60], COPIES + OTHERS, confidence, order, [False] * 60)
    assert sum(i < 30 for i in found[:20]) <= 2


@given(st.permutations(range(30)))
def test_that_of_sentences_with_nothing_in_common_the_least_certain_come_first(ranks: list[int]) -> None:
    texts = [chr(0x4E10 + 9 * i) * 3 for i in range(30)]
    found = arrange(IDS[:30], texts, [rank / 30 for rank in ranks], Order.uncertainty, [False] * 30)
    assert found[0] == ranks.index(0)
    assert all(abs(place - ranks[i]) <= 8 for place, i in enumerate(found))


def test_that_a_certain_sentence_does_not_overtake_because_it_is_new() -> None:
    """A copy lets no more than 500 others pass, so that what the model is sure of stays at the end."""
    texts = [*COPIES, *(f"{chr(0x4E10 + i)}{chr(0x6E10 + i)}{chr(0x5E10 + i)}。" for i in range(1000))]
    confidence = [0.0] * 30 + [0.5 + i / 2500 for i in range(1000)]
    found = arrange(IDS[:1030], texts, confidence, Order.uncertainty, [False] * 1030)
    assert max(found.index(i) for i in range(30)) < 530


def test_that_the_order_by_chance_heeds_ids_and_seed_only() -> None:
    first = arrange(IDS[:30], OTHERS, None, Order.random, [False] * 30)
    assert arrange(IDS[:30], COPIES, [0.3] * 30, Order.random, [False] * 30) == first != list(range(30))
    assert arrange(IDS[:30], OTHERS, None, Order.random, [False] * 30, seed=14) != first
    turned = arrange(IDS[:30][::-1], OTHERS, None, Order.random, [False] * 30)
    assert [29 - i for i in turned] == first


@pytest.mark.parametrize("order", Order)
def test_that_no_sentence_and_one_sentence_make_a_queue(order: Order) -> None:
    assert arrange([], [], [], order, []) == []
    for blind in (True, False):
        assert arrange(["a"], ["水"], [0.5], order, [blind]) == [0]


@pytest.mark.parametrize("confidence", [None, [0.5], [0.5, 1.5], [0.5, float("nan")]])
def test_that_uncertainty_without_a_confidence_for_each_is_refused(confidence: list[float] | None) -> None:
    with pytest.raises(ValueError, match="confidence"):
        arrange(["a", "b"], ["水", "船"], confidence, Order.uncertainty, [False, False])


def test_that_lists_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="got 2, 1 and 2"):
        arrange(["a", "b"], ["水"], None, Order.random, [False, False])


@given(st.text(), st.floats(0, 1), st.floats(0, 1), st.integers())
def test_that_a_larger_blind_share_holds_the_smaller_one(id: str, a: float, b: float, seed: int) -> None:
    assert is_blind(id, max(a, b), seed) >= is_blind(id, min(a, b), seed)
    assert not is_blind(id, 0, seed)
    assert is_blind(id, 1, seed)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_that_the_blind_share_is_the_one_asked_for(share: float) -> None:
    """Four standard deviations of a fair draw of 4,000."""
    found = sum(is_blind(id, share) for id in IDS) / len(IDS)
    assert abs(found - share) < 4 * (share * (1 - share) / len(IDS)) ** 0.5


def test_that_another_seed_blinds_others() -> None:
    both = sum(is_blind(id, 0.5, 1) and is_blind(id, 0.5, 2) for id in IDS) / len(IDS)
    assert abs(both - 0.25) < 0.03


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_that_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        is_blind("a", share)


def test_that_positions_are_places_as_scores_lowest_first() -> None:
    assert positions([2, 0, 1, 3]) == [0.375, 0.625, 0.125, 0.875]
    assert positions([]) == []


def test_that_four_thousand_sentences_are_arranged_in_seconds() -> None:
    texts = [OTHERS[i % 30][:-1] + OTHERS[i * 7 % 29] + chr(0x4E10 + i) for i in range(4000)]
    start = time.process_time()
    arrange(IDS, texts, [i % 97 / 97 for i in range(4000)], Order.uncertainty, [False] * 4000)
    assert time.process_time() - start < 8
