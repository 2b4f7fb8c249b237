"""Hypothesis strategies for text as hostile as documents get."""

from __future__ import annotations

from hypothesis import strategies as st

HAN = "发展资金人才平台问题目标建设到年的是、一二三十企业万元著"
MARKS = "。！？；：，…“”‘’（）《》【】()[];:,.!?\"'—·①■◎#%"
ODD = "\n\r\t\v\f\x00\x1c\x85\u2028\u2029\u200b\ufeff\u202e\u3000 \ud800\udfff👩\u200d🔬𠮷e\u03019aＡ１"

messy_text = st.text(alphabet=st.sampled_from(HAN + MARKS + ODD), max_size=300)
any_text = st.text(alphabet=st.characters(), max_size=200)
