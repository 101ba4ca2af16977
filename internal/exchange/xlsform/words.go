package xlsform

import "example.org/amparo/internal/kind"

// What the form itself says, in its three languages.
var (
	beforeYouBegin = kind.Text{
		"en": "Use a pseudonym. Write no real names, no addresses, no telephone numbers, and nothing that says where somebody is now. Skip whatever the person does not want to answer.",
		"ko": "가명을 쓰십시오. 실명, 주소, 전화번호, 지금 있는 곳을 알 수 있는 것은 적지 마십시오. 답하고 싶지 않은 것은 모두 건너뛰십시오.",
		"zh": "请用化名。不要写真名、地址、电话号码，或任何能看出某人现在何处的内容。对方不愿回答的一律跳过。",
	}
	yes          = kind.Text{"en": "yes", "ko": "예", "zh": "是"}
	no           = kind.Text{"en": "no", "ko": "아니오", "zh": "否"}
	whyNone      = kind.Text{"en": "why there is no answer", "ko": "답이 없는 까닭", "zh": "没有回答的原因"}
	oneState     = kind.Text{"en": "Choose answers, or one reason why there is none.", "ko": "답을 고르거나, 답이 없는 까닭 하나만 고르십시오.", "zh": "请选择答案，或只选一个没有回答的原因。"}
	tooLong      = kind.Text{"en": "Too long: write less.", "ko": "너무 깁니다. 줄여 쓰십시오.", "zh": "太长，请缩短。"}
	severalHint  = kind.Text{"en": "Several answers: put “ | ” between them.", "ko": "여러 개면 “ | ”로 나누십시오.", "zh": "多个答案之间用“ | ”隔开。"}
	dateHint     = kind.Text{"en": "As said: 2003, 2003-04, 2003-04-02, spring 2003, about 2003, before 2003.", "ko": "말한 대로: 2003, 2003-04, 2003년 4월 2일, 2003년 봄, 약 2003년, 2003년 이전.", "zh": "按原话：2003、2003-04、2003年4月2日、2003年春、约2003年、2003年以前。"}
	ageHint      = kind.Text{"en": "In years: 34, 30~39 or 30s.", "ko": "나이: 34, 30~39, 30대.", "zh": "岁数：34、30~39。"}
	durationHint = kind.Text{"en": "As said: 10 days, about two months, half a year.", "ko": "말한 대로: 열흘, 보름, 약 두 달, 반년.", "zh": "按原话：10天、约两个月、半年。"}
	moneyHint    = kind.Text{"en": "Amount and currency: 3000 CNY.", "ko": "금액과 통화: 3000 CNY.", "zh": "金额和货币：3000 CNY。"}
)

func inUnit(unit string) kind.Text {
	if unit == "" {
		return kind.Text{"en": "A number and its unit: 12 kg.", "ko": "숫자와 단위: 12 kg.", "zh": "数字和单位：12 kg。"}
	}
	return kind.Text{"en": "In " + unit + ".", "ko": "단위: " + unit + ".", "zh": "单位：" + unit + "。"}
}
